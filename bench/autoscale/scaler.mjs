/** How often the HorizontalPodAutoscaler looks, and how far off the target it lets be: kube-controller-manager's defaults. */
const hpaPeriodS = 15;
const tolerance = 0.1;

/** `spec` of a KEDA ScaledObject of the form of k8s/worker/scaling.yaml, as numbers. */
export function readScaling(spec) {
  const { scaleUp, scaleDown } = spec.advanced.horizontalPodAutoscalerConfig.behavior;
  const { targetValue, activationTargetValue } = spec.triggers[0].metadata;
  return {
    minReplicas: spec.minReplicaCount,
    maxReplicas: spec.maxReplicaCount,
    pollingS: spec.pollingInterval,
    cooldownS: spec.cooldownPeriod,
    targetGpuSeconds: Number(targetValue),
    activationGpuSeconds: Number(activationTargetValue),
    scaleUp,
    scaleDown,
  };
}

/** A number of replicas that does not change. */
export const fixedScaler = (replicas) => ({ desired: () => replicas });

/**
 * KEDA and its HPA: KEDA alone moves between none and one, by polling; from one on, the HPA follows the backlog within its
 * behavior (k8s.io/docs/tasks/run-application/horizontal-pod-autoscale, keda.sh/docs/concepts/scaling-deployments).
 */
export function kedaScaler(scaling) {
  let lastActiveS = -Infinity;
  /** What the HPA asked for, and what it changed: `[atS, replicas]`, the newest last. */
  let recommended = [];
  let changes = [];

  /** Replicas to have at second `atS`, of `current`, with so much work open. Called every second. */
  function desired(atS, current, backlogGpuSeconds) {
    if (atS % scaling.pollingS === 0) {
      if (backlogGpuSeconds > scaling.activationGpuSeconds) lastActiveS = atS;
      if (current === 0) return lastActiveS === atS ? Math.max(scaling.minReplicas, 1) : 0;
      if (atS - lastActiveS >= scaling.cooldownS) return scaling.minReplicas;
    }
    return current > 0 && atS % hpaPeriodS === 0 ? hpa(atS, current, backlogGpuSeconds) : current;
  }

  function hpa(atS, current, backlogGpuSeconds) {
    const ratio = backlogGpuSeconds / (scaling.targetGpuSeconds * current);
    const asked = Math.abs(ratio - 1) <= tolerance ? current : Math.ceil(backlogGpuSeconds / scaling.targetGpuSeconds);
    const wanted = Math.min(Math.max(asked, scaling.minReplicas, 1), scaling.maxReplicas);
    const { scaleUp, scaleDown } = scaling;
    recommended = recommended.filter(([then]) => atS - then < scaleDown.stabilizationWindowSeconds);
    recommended.push([atS, wanted]);
    const stable = Math.max(...recommended.map(([, replicas]) => replicas));
    // Downwards the highest recommendation of the window counts; upwards the newest (its window is 0).
    const next =
      wanted > current
        ? Math.min(wanted, upLimit(atS, current, scaleUp.policies))
        : Math.max(Math.min(stable, current), downLimit(atS, current, scaleDown.policies));
    if (next !== current) changes.push([atS, next - current]);
    changes = changes.filter(([then]) => atS - then < 3600);
    return next;
  }

  const changedIn = (atS, periodS, sign) =>
    changes.reduce((sum, [then, by]) => (atS - then < periodS && by * sign > 0 ? sum + by : sum), 0);
  const upLimit = (atS, current, policies) =>
    Math.max(
      ...policies.map(({ type, value, periodSeconds }) => {
        const before = current - changedIn(atS, periodSeconds, 1);
        return type === 'Pods' ? before + value : Math.ceil(before * (1 + value / 100));
      }),
    );
  const downLimit = (atS, current, policies) =>
    Math.min(
      ...policies.map(({ type, value, periodSeconds }) => {
        const before = current - changedIn(atS, periodSeconds, -1);
        return type === 'Pods' ? before - value : Math.floor(before * (1 - value / 100));
      }),
    );

  return { desired };
}
