import { find } from './dom.js';
import { MaskDialog } from './mask-dialog.js';

/** @import { InputPicture, Model, Order, PictureKind } from './types.js' */

const field = find('#use', HTMLElement);
const strengthField = find('#strength-field', HTMLElement);
const strength = find('#strength', HTMLInputElement);
const maskField = find('#mask-field', HTMLElement);
const maskFile = find('#mask-file', HTMLInputElement);
const maskState = find('#mask-state', HTMLElement);

/** What the service calls each, what the form asks for then, and how much is made anew where nothing else is said. */
const uses = /** @type {const} */ ({
  edit: { question: 'What should change?', strength: null },
  'image-to-image': { question: 'What should it become?', strength: 0.6 },
  inpaint: { question: 'What should be there instead?', strength: 1 },
});

/** What is made of the pictures that the form was given: an edit, another one like it, or the same with a part made anew. */
export class PictureUse {
  /** @param {() => void} onChange */
  constructor(onChange) {
    /** @type {InputPicture[]} */
    this.pictures = [];
    /** @type {InputPicture | undefined} */
    this.mask = undefined;
    this.onChange = onChange;
    const maskDialog = new MaskDialog((file) => this.setMask(file, 'The marked part is made anew.'));
    field.addEventListener('change', ({ target }) => {
      if (target instanceof HTMLInputElement && target.name === 'use') this.chosen();
    });
    find('#open-mask', HTMLButtonElement).addEventListener('click', () => {
      if (this.pictures[0]) void maskDialog.open(this.pictures[0]);
    });
    maskFile.addEventListener('change', () => {
      const file = maskFile.files?.[0];
      if (file) this.setMask(file, `The white parts of ${file.name} are made anew.`);
      maskFile.value = '';
    });
  }

  /** @returns {PictureKind | undefined} without pictures none */
  get kind() {
    return this.pictures.length === 0 ? undefined : /** @type {PictureKind} */ (this.radio(':checked').value);
  }

  get question() {
    return this.kind ? uses[this.kind].question : 'What should it show?';
  }

  /** The part of a request that pictures bring. Without a mask, inpainting has none: see {@link missing}. */
  get settings() {
    return this.kind === undefined || this.kind === 'edit' ? {} : { strength: strength.valueAsNumber };
  }

  /** @returns {Order['inputs']} */
  get inputs() {
    const [image] = this.pictures;
    if (image === undefined) return {};
    if (this.kind === 'edit') return { images: this.pictures };
    return this.kind === 'inpaint' && this.mask ? { image, mask: this.mask } : { image };
  }

  /** The fields that must be filled in before there can be a request. */
  get missing() {
    return this.kind === 'inpaint' && !this.mask ? [{ field: 'mask', message: 'say which part is made anew' }] : [];
  }

  /**
   * Other pictures; a mask of those before is not for them. Only an edit takes several.
   *
   * @param {InputPicture[]} pictures
   * @param {Model[]} models those that the service has
   */
  setPictures(pictures, models) {
    this.pictures = pictures;
    this.setMask(undefined, 'Nothing is marked yet.');
    for (const kind of /** @type {PictureKind[]} */ (Object.keys(uses))) {
      const served = models.some(({ kinds }) => kinds.includes(kind));
      this.radio(`[value="${kind}"]`).disabled = !served || (pictures.length > 1 && kind !== 'edit');
    }
    if (this.radio(':checked').disabled) this.radio(':enabled, [value="edit"]').checked = true;
    field.hidden = pictures.length === 0;
    this.chosen();
  }

  chosen() {
    const { kind } = this;
    const usual = kind ? uses[kind].strength : null;
    if (usual !== null) strength.value = String(usual);
    strengthField.hidden = usual === null;
    maskField.hidden = kind !== 'inpaint';
    this.onChange();
  }

  /**
   * @param {File | undefined} file
   * @param {string} state
   */
  setMask(file, state) {
    this.mask = file && { name: file.name, file };
    maskState.textContent = state;
  }

  /** @param {string} which a selector */
  radio(which) {
    return find(`[name="use"]:is(${which})`, HTMLInputElement, field);
  }
}
