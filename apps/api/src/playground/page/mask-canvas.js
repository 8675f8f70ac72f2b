import { find } from './dom.js';

const canvas = find('#mask-canvas', HTMLCanvasElement);
const ring = find('#mask-ring', HTMLElement);
const paint = '#d6247f';
/** Of a move by an arrow key, in brush widths. */
const keyStep = 0.25;
const arrows = new Map([
  ['ArrowLeft', [-1, 0]],
  ['ArrowRight', [1, 0]],
  ['ArrowUp', [0, -1]],
  ['ArrowDown', [0, 1]],
]);

/** A layer over a picture that is painted on with mouse, finger or keys, in the picture's own pixels. */
export class MaskCanvas {
  /** @param {() => void} onStroke */
  constructor(onStroke) {
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    this.onStroke = onStroke;
    /** Of the brush, as a part of the picture's shorter side. */
    this.brush = 0.2;
    this.erasing = false;
    /** The brush's middle, in px. */
    this.at = { x: 0, y: 0 };
    canvas.addEventListener('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.moveTo(this.pointOf(event));
      this.strokeFrom(this.at);
    });
    canvas.addEventListener('pointermove', (event) => {
      const before = this.at;
      this.moveTo(this.pointOf(event));
      if (canvas.hasPointerCapture(event.pointerId)) this.strokeFrom(before);
    });
    canvas.addEventListener('pointerup', onStroke);
    canvas.addEventListener('keydown', (event) => this.key(event));
  }

  /**
   * Empty, for a picture of this size.
   *
   * @param {{ width: number, height: number }} size in px
   */
  reset({ width, height }) {
    Object.assign(canvas, { width, height });
    this.moveTo({ x: width / 2, y: height / 2 });
  }

  clear() {
    this.context.clearRect(0, 0, canvas.width, canvas.height);
    this.onStroke();
  }

  /** What was painted becomes free, and the rest painted. */
  invert() {
    this.fill('source-out', paint);
    this.onStroke();
  }

  /** How much of the picture is painted, 0 to 1. */
  get share() {
    const side = 64;
    const small = new OffscreenCanvas(side, side);
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (small.getContext('2d'));
    context.drawImage(canvas, 0, 0, side, side);
    const { data } = context.getImageData(0, 0, side, side);
    return data.reduce((sum, value, i) => (i % 4 === 3 ? sum + value : sum), 0) / (255 * side * side);
  }

  /** The mask as the service takes it: white where it is painted, black elsewhere. */
  async toFile() {
    const mask = new OffscreenCanvas(canvas.width, canvas.height);
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (mask.getContext('2d'));
    context.drawImage(canvas, 0, 0);
    for (const [operation, colour] of /** @type {const} */ ([
      ['source-in', 'white'],
      ['destination-over', 'black'],
    ])) {
      Object.assign(context, { globalCompositeOperation: operation, fillStyle: colour });
      context.fillRect(0, 0, mask.width, mask.height);
    }
    return new File([await mask.convertToBlob({ type: 'image/png' })], 'mask.png', { type: 'image/png' });
  }

  /** In px. */
  get brushWidth() {
    return this.brush * Math.min(canvas.width, canvas.height);
  }

  /** @param {{ x: number, y: number }} point */
  moveTo({ x, y }) {
    this.at = { x: Math.min(Math.max(x, 0), canvas.width), y: Math.min(Math.max(y, 0), canvas.height) };
    ring.style.left = `${(100 * this.at.x) / canvas.width}%`;
    ring.style.top = `${(100 * this.at.y) / canvas.height}%`;
    ring.style.width = `${(100 * this.brushWidth) / canvas.width}%`;
  }

  /** @param {{ x: number, y: number }} before */
  strokeFrom(before) {
    const { context, at, brushWidth } = this;
    context.globalCompositeOperation = this.erasing ? 'destination-out' : 'source-over';
    Object.assign(context, { lineWidth: brushWidth, lineCap: 'round', strokeStyle: paint, fillStyle: paint });
    context.beginPath();
    context.moveTo(before.x, before.y);
    context.lineTo(at.x, at.y);
    context.stroke();
    // A line without a length is not drawn, round ends or not.
    context.beginPath();
    context.arc(at.x, at.y, brushWidth / 2, 0, 2 * Math.PI);
    context.fill();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const arrow = arrows.get(event.key);
    if (arrow === undefined && event.key !== ' ') return;
    event.preventDefault();
    const before = this.at;
    const [dx, dy] = (arrow ?? [0, 0]).map((way) => way * keyStep * this.brushWidth);
    this.moveTo({ x: before.x + (dx ?? 0), y: before.y + (dy ?? 0) });
    if (event.key !== ' ' && !event.shiftKey) return;
    this.strokeFrom(before);
    this.onStroke();
  }

  /**
   * @param {GlobalCompositeOperation} operation
   * @param {string} colour
   */
  fill(operation, colour) {
    Object.assign(this.context, { globalCompositeOperation: operation, fillStyle: colour });
    this.context.fillRect(0, 0, canvas.width, canvas.height);
  }

  /** @param {PointerEvent} event */
  pointOf({ offsetX, offsetY }) {
    return {
      x: (offsetX / canvas.clientWidth) * canvas.width,
      y: (offsetY / canvas.clientHeight) * canvas.height,
    };
  }
}
