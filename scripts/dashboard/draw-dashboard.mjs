import { readFileSync } from 'node:fs';
import { drawPanel } from './draw-panel.mjs';

/** Grafana's grid: 24 columns, rows of 30 px with 8 px between panels. */
const columns = 24;
const rowPx = 38;
const gapPx = 8;
const headPx = 48;

/** @typedef {import('../../test/support/prometheus.mjs').Prometheus} Prometheus */

/**
 * What Grafana would show of the shipped dashboard: each panel's queries over a time, with its title, unit and legends.
 *
 * @param {Prometheus} prometheus
 * @param {{ startS: number, endS: number, stepS: number }} range
 * @param {{ widthPx?: number }} [options]
 * @returns {Promise<string>} an SVG
 */
export async function drawDashboard(prometheus, range, { widthPx = 1600 } = {}) {
  const { title, panels } = JSON.parse(readFileSync('observability/grafana/zimage-queue.json', 'utf8'));
  const columnPx = (widthPx - gapPx) / columns;
  let bottomPx = 0;
  const drawn = [];
  for (const panel of panels) {
    const { x, y, w, h } = panel.gridPos;
    const size = { widthPx: w * columnPx - gapPx, heightPx: h * rowPx - gapPx };
    const [left, top] = [gapPx + x * columnPx, headPx + y * rowPx];
    bottomPx = Math.max(bottomPx, top + size.heightPx + gapPx);
    const svg = drawPanel(panel, await seriesOf(panel, prometheus, range), { ...size, ...range });
    drawn.push(`<g transform="translate(${left} ${top})">${svg}</g>`);
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${bottomPx}">
<rect width="100%" height="100%" fill="#111217"/>
<text x="${gapPx + 4}" y="31" fill="#ccccdc" font-family="sans-serif" font-size="18" font-weight="600">${title}</text>
${drawn.join('\n')}
</svg>`;
}

/** All series of a panel, named as its legends say. */
async function seriesOf({ targets }, prometheus, range) {
  const found = await Promise.all(
    targets.map(async ({ expr, legendFormat }) =>
      (await prometheus.queryRange(expr, range)).map(({ metric, points }) => ({
        name: legendFormat.replace(/\{\{(\w+)\}\}/g, (_, label) => metric[label] ?? ''),
        points,
      })),
    ),
  );
  return found.flat();
}
