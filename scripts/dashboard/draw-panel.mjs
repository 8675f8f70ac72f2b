import * as echarts from 'echarts';

/** Grafana's classic palette, in its order. */
const palette = [
  '#73bf69',
  '#f2cc0c',
  '#8ab8ff',
  '#ff780a',
  '#f2495c',
  '#5794f2',
  '#b877d9',
  '#fade2a',
  '#96d98d',
  '#ffb357',
];
const text = '#ccccdc';
const legendRowPx = 18;
/** Of a letter, in parts of the font's height: there is no browser to ask. */
const letterWidth = 0.62;
const widthOf = (letters, fontPx = 11) => letters.length * fontPx * letterWidth;
echarts.setPlatformAPI({
  measureText: (letters, font) => ({ width: widthOf(letters, Number(/(\d+)px/.exec(font)?.[1] ?? 12)) }),
});

/** Values by Grafana's names of units. */
const formats = {
  s: (value) =>
    value === 0
      ? '0'
      : value < 1
        ? `${round(value * 1000)} ms`
        : value < 120
          ? `${round(value)} s`
          : `${round(value / 60)} min`,
  bytes: (value) => {
    const power = Math.min(3, Math.floor(Math.log2(Math.max(value, 1)) / 10));
    return `${round(value / 1024 ** power)} ${['B', 'KiB', 'MiB', 'GiB'][power]}`;
  },
  reqps: (value) => `${round(value)} req/s`,
  short: (value) => (value >= 1000 ? `${round(value / 1000)} K` : `${round(value)}`),
};
const round = (value) => Number(value.toPrecision(3));

/**
 * One time series panel of a Grafana dashboard.
 *
 * @param {{ title: string, fieldConfig: { defaults: { unit: string, min?: number } } }} panel
 * @param {{ name: string, points: [timeS: number, value: number][] }[]} series
 * @param {{ widthPx: number, heightPx: number, startS: number, endS: number }} frame
 * @returns {string} an SVG
 */
export function drawPanel({ title, fieldConfig }, series, { widthPx, heightPx, startS, endS }) {
  const { unit, min } = fieldConfig.defaults;
  const format = formats[unit];
  if (format === undefined)
    throw new Error(`panel "${title}": unit ${unit} is not known to scripts/dashboard/draw-panel.mjs`);
  const legendPx = series.reduce((sum, { name }) => sum + widthOf(name) + 36, 0);
  const legendRows = Math.max(1, Math.ceil(legendPx / (widthPx - 30)));
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: widthPx, height: heightPx });
  chart.setOption({
    animation: false,
    backgroundColor: '#181b1f',
    color: palette,
    textStyle: { fontFamily: 'sans-serif' },
    title: [
      { text: title, left: 10, top: 8, textStyle: { color: text, fontSize: 13, fontWeight: 600 } },
      ...(series.length > 0
        ? []
        : [
            {
              text: 'No data',
              left: 'center',
              top: 'middle',
              textStyle: { color: '#8e8e99', fontSize: 14, fontWeight: 400 },
            },
          ]),
    ],
    legend: {
      left: 10,
      right: 10,
      bottom: 6,
      itemWidth: 14,
      itemHeight: 3,
      itemGap: 14,
      icon: 'rect',
      textStyle: { color: text, fontSize: 11 },
    },
    grid: { left: 70, right: 18, top: 38, bottom: 30 + legendRows * legendRowPx },
    xAxis: {
      type: 'time',
      min: startS * 1000,
      max: endS * 1000,
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: text, fontSize: 11, hideOverlap: true, formatter: '{HH}:{mm}:{ss}' },
      splitLine: { show: true, lineStyle: { color: '#2a2d33' } },
    },
    yAxis: {
      type: 'value',
      min,
      splitNumber: 4,
      axisLabel: { color: text, fontSize: 11, formatter: format },
      splitLine: { lineStyle: { color: '#2a2d33' } },
    },
    series: series.map(({ name, points }) => ({
      name,
      type: 'line',
      showSymbol: false,
      lineStyle: { width: 1.5 },
      data: points.map(([timeS, value]) => [timeS * 1000, Number.isFinite(value) ? value : null]),
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
