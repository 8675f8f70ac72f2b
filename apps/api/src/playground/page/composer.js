import { find } from './dom.js';
import { clearProblem, showFields, showProblem } from './field-errors.js';
import { InputPictures } from './input-pictures.js';
import { ModelSelect } from './model-select.js';
import { PictureUse } from './picture-use.js';
import { SizeField } from './size-field.js';

/** @import { ApiProblem } from './api.js' */
/** @import { InputPicture, Job, Model, Order } from './types.js' */

const form = find('#composer', HTMLFormElement);
const prompt = find('#prompt', HTMLTextAreaElement);
const promptLabel = find('#prompt-label', HTMLElement);
const format = find('#format', HTMLSelectElement);
const previews = find('#previews', HTMLInputElement);
/** @param {string} name */
const input = (name) => find(`[name="${name}"]`, HTMLInputElement, form);

/** The form that says what to make. */
export class Composer {
  /** @param {(order: Order) => void} onSubmit */
  constructor(onSubmit) {
    this.models = new ModelSelect((model) => this.fitTo(model));
    this.sizeField = new SizeField();
    this.use = new PictureUse(() => this.useChanged());
    this.inputs = new InputPictures((pictures) => {
      this.sizeField.offerAsPicture(pictures.length > 0);
      this.use.setPictures(pictures, this.models.models);
    });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      clearProblem(form);
      if (this.use.missing.length > 0) showFields(form, this.use.missing);
      else onSubmit(this.order());
    });
    form.addEventListener('input', () => this.showValues());
    prompt.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    });
  }

  /** @param {string} text */
  setPrompt(text) {
    prompt.value = text;
    prompt.focus();
  }

  /** @param {InputPicture} picture */
  edit(picture) {
    this.inputs.clear();
    this.inputs.add(picture);
    this.setPrompt('');
  }

  /**
   * The settings of a generation, and the seed of one of its pictures.
   *
   * @param {Job} job
   * @param {number} seed
   */
  reuse({ model, request }, seed) {
    this.inputs.clear();
    this.models.choose(model);
    for (const name of /** @type {const} */ (['steps', 'guidance_scale'])) input(name).value = String(request[name]);
    input('negative_prompt').value = request.negative_prompt ?? '';
    input('n').value = '1';
    input('seed').value = String(seed);
    format.value = request.output.format;
    this.sizeField.set(request);
    this.showValues();
    this.setPrompt(request.prompt);
  }

  /** @param {ApiProblem} problem */
  showProblem(problem) {
    showProblem(form, problem);
  }

  /** @returns {Order} */
  order() {
    const model = this.models.chosen;
    /** @type {Order['body']} */
    const body = { prompt: prompt.value };
    if (model) body.model = model.name;
    Object.assign(body, this.sizeField.size(model), this.use.settings);
    for (const name of ['steps', 'seed', 'n', ...(this.guided ? ['guidance_scale'] : [])]) {
      const { value, valueAsNumber } = input(name);
      if (value !== '') body[name] = valueAsNumber;
    }
    const negativePrompt = input('negative_prompt').value;
    if (this.guided && negativePrompt !== '') body.negative_prompt = negativePrompt;
    if (previews.checked) body.preview_every = Math.max(1, Math.round(input('steps').valueAsNumber / 6));
    // The API's own default is left to it.
    if (format.value !== 'png') body.output = { format: format.value };
    return { path: this.use.kind === 'edit' ? 'v1/edits' : 'v1/generations', body, inputs: this.use.inputs };
  }

  /** Whether the chosen model looks at guidance and negative prompts: Turbo models do not. */
  get guided() {
    return (this.models.chosen?.defaults.guidance_scale ?? 0) > 0;
  }

  /** @param {Model} model */
  fitTo(model) {
    const { defaults, limits } = model;
    input('steps').max = String(limits.max_steps);
    input('steps').value = String(defaults.steps);
    input('guidance_scale').value = String(defaults.guidance_scale);
    input('n').max = String(limits.max_images);
    this.sizeField.fitTo(model);
    for (const field of form.querySelectorAll('.guided')) field.toggleAttribute('hidden', !this.guided);
    this.showValues();
  }

  useChanged() {
    this.models.setKind(this.use.kind ?? 'text-to-image');
    promptLabel.textContent = this.use.question;
    this.showValues();
  }

  showValues() {
    this.sizeField.show(this.models.chosen);
    find('#strength-output', HTMLOutputElement).value = `${Math.round(100 * input('strength').valueAsNumber)} %`;
    for (const name of ['steps', 'guidance_scale'])
      find(`#${name}-output`, HTMLOutputElement).value = input(name).value;
  }
}
