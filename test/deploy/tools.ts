import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';

/** What scripts/install-deploy-tools.sh brought. */
const tools = resolve('.tools/deploy');

/** Runs one of the tools; throws with what it said when it fails. */
export function runTool(name: string, args: readonly string[], input?: string): string {
  return execFileSync(resolve(tools, 'bin', name), args, {
    encoding: 'utf8',
    env: { ...process.env, PYTHONPATH: tools },
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(input !== undefined && { input }),
  });
}

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels?: Record<string, string> };
  spec?: Record<string, unknown>;
  data?: Record<string, string>;
}

/** An overlay as `kubectl apply -k` would send it. */
export function renderOverlay(overlay: string): { text: string; manifests: Manifest[] } {
  const text = runTool('kubectl', ['kustomize', resolve('k8s/overlays', overlay)]);
  const manifests = parseAllDocuments(text).map((document) => document.toJS() as Manifest);
  return { text, manifests };
}
