/**
 * A day of one model's workers: jobs in order of arrival, each worker one GPU-second a second, a scaler that looks at the
 * queued and running work once a second.
 * @param {{ atS: number, gpuSeconds: number }[]} jobs in order of arrival
 * @param {{ desired(atS: number, current: number, backlogGpuSeconds: number): number }} scaler
 * @param {{ coldStartS: number, initialReplicas?: number }} options `coldStartS`: from the pod's creation to its first job;
 *   `initialReplicas` of them are there, and warm, at the start
 * @returns waits of all jobs; the time that GPUs were held, cold starts and drains included; the drains' share of it, which is
 *   what a better choice of the pod to end could save at most
 */
export function simulate(jobs, scaler, { coldStartS, initialReplicas = 0 }) {
  let workers = Array.from({ length: initialReplicas }, () => newWorker(0, 0));
  const waitsS = [];
  let heldS = 0;
  let drainS = 0;
  let coldStarts = 0;
  let next = 0;
  let arrived = 0;
  let ended = 0;
  let openGpuSeconds = 0;
  const lastAtS = jobs.at(-1).atS;

  for (let atS = 0; ended < jobs.length || atS <= lastAtS; atS++) {
    for (const worker of workers) {
      while (worker.running.length > 0 && worker.running[0].endsAtS <= atS) {
        openGpuSeconds -= worker.running.shift().gpuSeconds;
        ended++;
      }
    }
    const live = workers.filter(({ leavesAtS }) => leavesAtS === undefined);
    // A sum of floats drifts: without open jobs it is nothing, as in the API's own answer.
    if (ended === arrived) openGpuSeconds = 0;
    const wanted = scaler.desired(atS, live.length, openGpuSeconds);
    for (let i = live.length; i < wanted; i++) {
      workers.push(newWorker(atS, atS + coldStartS));
      coldStarts++;
    }
    // A worker told to leave finishes what it runs. Which one it is, is not up to the workload.
    for (const worker of live.slice(wanted)) {
      worker.leavesAtS = worker.running.length === 0 ? atS : worker.freeAtS;
      drainS += worker.leavesAtS - atS;
    }
    for (const worker of workers) if (worker.leavesAtS <= atS) heldS += worker.leavesAtS - worker.createdAtS;
    workers = workers.filter(({ leavesAtS }) => leavesAtS === undefined || leavesAtS > atS);
    while (arrived < jobs.length && jobs[arrived].atS < atS + 1) openGpuSeconds += jobs[arrived++].gpuSeconds;
    assign(atS + 1);
  }
  const endS = Math.max(86_400, lastAtS, ...workers.map(({ freeAtS }) => freeAtS));
  for (const { createdAtS, leavesAtS = endS } of workers) heldS += leavesAtS - createdAtS;
  return { waitsS, gpuHours: heldS / 3600, coldStarts, drainHours: drainS / 3600 };

  /** Starts what can start before a moment, first come, first served. */
  function assign(untilS) {
    while (next < arrived) {
      const free = workers.filter(({ leavesAtS }) => leavesAtS === undefined);
      const first = free.reduce((best, worker) => (best && best.freeAtS <= worker.freeAtS ? best : worker), undefined);
      if (first === undefined) return;
      const job = jobs[next];
      const startS = Math.max(job.atS, first.freeAtS);
      if (startS >= untilS) return;
      first.freeAtS = startS + job.gpuSeconds;
      first.running.push({ endsAtS: first.freeAtS, gpuSeconds: job.gpuSeconds });
      waitsS.push(startS - job.atS);
      next++;
    }
  }
}

const newWorker = (createdAtS, readyAtS) => ({ createdAtS, freeAtS: readyAtS, running: [], leavesAtS: undefined });
