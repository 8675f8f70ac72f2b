import { find, make } from './dom.js';
import { shapes, sizeOf } from './sizes.js';

/** @import { Model } from './types.js' */

const field = find('#size', HTMLFieldSetElement);
const custom = find('#custom-size', HTMLElement);
const output = find('#size-output', HTMLOutputElement);
/** @param {'width' | 'height'} name */
const side = (name) => find(`[name="${name}"]`, HTMLInputElement, field);

/** Shape and size of what is made: one of some shapes, sides of one's own, or as the picture that it begins with. */
export class SizeField {
  constructor() {
    const choices = [
      { name: 'auto', label: 'As is', hidden: true },
      ...shapes.map(({ name, label }) => ({ name, label, hidden: false })),
      { name: 'custom', label: 'Custom', hidden: false },
    ];
    find('#shapes', HTMLElement).append(
      ...choices.map(({ name, label, hidden }) => {
        const radio = make('input', { type: 'radio', name: 'shape', value: name, checked: name === 'square' });
        const icon = make('span', { className: `shape ${name}` });
        return make('label', { id: `shape-${name}`, hidden }, [radio, icon, label]);
      }),
    );
  }

  /**
   * Whether it may be as the picture that it begins with, which then is the choice.
   *
   * @param {boolean} offered
   */
  offerAsPicture(offered) {
    find('#shape-auto', HTMLElement).hidden = !offered;
    this.shape = offered ? 'auto' : 'square';
  }

  /** @param {Model} model */
  fitTo({ defaults, limits }) {
    for (const name of /** @type {const} */ (['width', 'height'])) {
      const { min_side: min, max_side: max } = limits;
      Object.assign(side(name), { min, max, value: defaults[name] });
    }
  }

  /** @param {{ width: number, height: number }} size in px */
  set({ width, height }) {
    side('width').value = String(width);
    side('height').value = String(height);
    this.shape = 'custom';
  }

  /**
   * Undefined: as the picture.
   *
   * @param {Model | undefined} model
   */
  size(model) {
    if (this.shape === 'custom') return { width: side('width').valueAsNumber, height: side('height').valueAsNumber };
    const shape = shapes.find(({ name }) => name === this.shape);
    return model && shape && sizeOf(shape.ratio, model);
  }

  /** @param {Model | undefined} model */
  show(model) {
    custom.hidden = this.shape !== 'custom';
    const size = this.size(model);
    output.value = size ? `${size.width || '–'} × ${size.height || '–'}` : 'as the picture';
  }

  get shape() {
    return find('[name="shape"]:checked', HTMLInputElement, field).value;
  }

  set shape(name) {
    find(`[name="shape"][value="${name}"]`, HTMLInputElement, field).checked = true;
  }
}
