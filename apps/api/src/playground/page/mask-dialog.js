import { find, make, prepareDialog } from './dom.js';
import { MaskCanvas } from './mask-canvas.js';

/** @import { InputPicture } from './types.js' */

const dialog = find('#mask-dialog', HTMLDialogElement);
const picture = find('#mask-picture', HTMLImageElement);
const status = find('#mask-status', HTMLElement);
const brush = find('#mask-brush', HTMLInputElement);
const tools = find('#mask-tools', HTMLFieldSetElement);
/** @param {string} name */
const button = (name) => find(`#mask-${name}`, HTMLButtonElement);

/** Marks the part of a picture that is made anew. What was marked stays while the picture does. */
export class MaskDialog {
  /** @param {(mask: File) => void} onDone */
  constructor(onDone) {
    /** @type {InputPicture | undefined} */
    this.marked = undefined;
    this.canvas = new MaskCanvas(() => this.showShare());
    prepareDialog(dialog);
    brush.addEventListener('input', () => this.showBrush());
    tools.addEventListener('change', () => {
      this.canvas.erasing = find(':checked', HTMLInputElement, tools).value === 'erase';
    });
    button('invert').addEventListener('click', () => this.canvas.invert());
    button('clear').addEventListener('click', () => this.canvas.clear());
    button('save').addEventListener('click', () => void this.save());
    button('done').addEventListener('click', () => {
      dialog.close();
      void this.canvas.toFile().then(onDone);
    });
  }

  /** @param {InputPicture} input */
  async open(input) {
    if (input !== this.marked) {
      const src = 'file' in input ? URL.createObjectURL(input.file) : input.url;
      picture.src = src;
      try {
        await picture.decode();
      } catch {
        this.marked = undefined;
        status.textContent = 'This browser cannot show the picture: give a mask as a file instead.';
        dialog.showModal();
        return;
      }
      if ('file' in input) URL.revokeObjectURL(src);
      this.marked = input;
      this.canvas.reset({ width: picture.naturalWidth, height: picture.naturalHeight });
    }
    this.showBrush();
    this.showShare();
    dialog.showModal();
  }

  showBrush() {
    this.canvas.brush = brush.valueAsNumber / 100;
    this.canvas.moveTo(this.canvas.at);
    find('#mask-brush-output', HTMLOutputElement).value = `${Math.round(this.canvas.brushWidth)} px`;
  }

  showShare() {
    const { share } = this.canvas;
    const percent = share > 0 && share < 0.01 ? 'Less than 1 %' : `${Math.round(100 * share)} %`;
    status.textContent = share === 0 ? 'Nothing is marked.' : `${percent} of the picture is marked.`;
    button('done').disabled = share === 0;
  }

  /** The shown code reads the mask from a file of this name. */
  async save() {
    const href = URL.createObjectURL(await this.canvas.toFile());
    make('a', { href, download: 'mask.png' }).click();
    URL.revokeObjectURL(href);
  }
}
