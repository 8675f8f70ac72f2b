import type { Prometheus } from '../../test/support/prometheus.mjs';

export declare function drawDashboard(
  prometheus: Prometheus,
  range: { startS: number; endS: number; stepS: number },
  options?: { widthPx?: number },
): Promise<string>;
