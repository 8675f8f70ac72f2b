import { find, make } from './dom.js';
import { clearProblem, showProblem } from './field-errors.js';
import { InputPictures } from './input-pictures.js';
import { ModelSelect } from './model-select.js';
import { shapes, sizeOf } from './sizes.js';

/** @import { ApiProblem } from './api.js' */
/** @import { InputPicture, Job, Model, Order } from './types.js' */

const form = find('#composer', HTMLFormElement);
const prompt = find('#prompt', HTMLTextAreaElement);
const promptLabel = find('#prompt-label', HTMLElement);
const customSize = find('#custom-size', HTMLElement);
const previews = find('#previews', HTMLInputElement);
/** @param {string} name */
const input = (name) => find(`[name="${name}"]`, HTMLInputElement, form);

/** The form that says what to make. */
export class Composer {
  /** @param {(order: Order) => void} onSubmit */
  constructor(onSubmit) {
    this.models = new ModelSelect((model) => this.fitTo(model));
    this.inputs = new InputPictures(() => this.inputsChanged());
    this.renderShapes();
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      clearProblem(form);
      onSubmit(this.order());
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
  use({ model, request }, seed) {
    this.inputs.clear();
    this.models.choose(model);
    for (const name of /** @type {const} */ (['width', 'height', 'steps', 'guidance_scale'])) {
      input(name).value = String(request[name]);
    }
    input('negative_prompt').value = request.negative_prompt ?? '';
    input('n').value = '1';
    input('seed').value = String(seed);
    this.shape = 'custom';
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
    const size = this.size();
    if (size) Object.assign(body, size);
    for (const name of ['steps', 'seed', 'n', ...(this.guided ? ['guidance_scale'] : [])]) {
      const { value, valueAsNumber } = input(name);
      if (value !== '') body[name] = valueAsNumber;
    }
    const negativePrompt = input('negative_prompt').value;
    if (this.guided && negativePrompt !== '') body.negative_prompt = negativePrompt;
    if (previews.checked) body.preview_every = Math.max(1, Math.round(input('steps').valueAsNumber / 6));
    const { pictures } = this.inputs;
    return { path: pictures.length > 0 ? 'v1/edits' : 'v1/generations', body, pictures };
  }

  /** Whether the chosen model looks at guidance and negative prompts: Turbo models do not. */
  get guided() {
    return (this.models.chosen?.defaults.guidance_scale ?? 0) > 0;
  }

  get shape() {
    return find('[name="shape"]:checked', HTMLInputElement, form).value;
  }

  set shape(name) {
    find(`[name="shape"][value="${name}"]`, HTMLInputElement, form).checked = true;
  }

  /** Undefined: as the pictures to edit. */
  size() {
    const model = this.models.chosen;
    if (this.shape === 'custom') return { width: input('width').valueAsNumber, height: input('height').valueAsNumber };
    const shape = shapes.find(({ name }) => name === this.shape);
    return model && shape && sizeOf(shape.ratio, model);
  }

  /** @param {Model} model */
  fitTo({ defaults, limits }) {
    input('steps').max = String(limits.max_steps);
    input('steps').value = String(defaults.steps);
    input('guidance_scale').value = String(defaults.guidance_scale);
    input('n').max = String(limits.max_images);
    for (const name of /** @type {const} */ (['width', 'height'])) {
      const side = input(name);
      side.min = String(limits.min_side);
      side.max = String(limits.max_side);
      side.value = String(defaults[name]);
    }
    for (const field of form.querySelectorAll('.guided')) field.toggleAttribute('hidden', !this.guided);
    this.showValues();
  }

  inputsChanged() {
    const editing = this.inputs.pictures.length > 0;
    this.models.setKind(editing ? 'edit' : 'text-to-image');
    promptLabel.textContent = editing ? 'What should change?' : 'What should it show?';
    find('#shape-auto', HTMLElement).hidden = !editing;
    this.shape = editing ? 'auto' : 'square';
    this.showValues();
  }

  showValues() {
    customSize.hidden = this.shape !== 'custom';
    const size = this.size();
    find('#size-output', HTMLOutputElement).value = size
      ? `${size.width || '–'} × ${size.height || '–'}`
      : 'as the picture';
    for (const name of ['steps', 'guidance_scale'])
      find(`#${name}-output`, HTMLOutputElement).value = input(name).value;
  }

  renderShapes() {
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
}
