import { find, make } from './dom.js';

/** @import { Model, PictureKind } from './types.js' */

const select = find('#model', HTMLSelectElement);
const status = find('#model-status', HTMLElement);

/** The models of the API, those that serve what is asked for, and how they stand. */
export class ModelSelect {
  /** @param {(model: Model) => void} onChange */
  constructor(onChange) {
    /** @type {Model[]} */
    this.models = [];
    /** @type {'text-to-image' | PictureKind} */
    this.kind = 'text-to-image';
    /** The name of the one that the reader chose, where it was no default. */
    this.wanted = '';
    this.onChange = onChange;
    select.addEventListener('change', () => {
      this.wanted = select.value;
      this.changed();
    });
  }

  /** @returns {Model | undefined} */
  get chosen() {
    return this.models.find(({ name }) => name === select.value);
  }

  /** @param {Model[]} models */
  set(models) {
    this.models = models;
    this.render();
  }

  /**
   * Offers the models of a kind: the one that the reader chose if it can, else the kind's default.
   *
   * @param {'text-to-image' | PictureKind} kind
   */
  setKind(kind) {
    if (kind === this.kind) return;
    this.kind = kind;
    this.render();
  }

  /** @param {string} name */
  choose(name) {
    if (![...select.options].some(({ value }) => value === name)) return;
    this.wanted = select.value = name;
    this.changed();
  }

  render() {
    const before = select.value;
    const offered = this.models.filter(({ kinds }) => kinds.includes(this.kind));
    select.replaceChildren(...offered.map(({ name }) => make('option', { value: name }, [name])));
    const kept =
      offered.find(({ name }) => name === this.wanted) ?? offered.find((model) => model.default) ?? offered[0];
    if (!kept) {
      status.textContent = this.models.length > 0 ? 'No model serves this.' : '';
      return;
    }
    select.value = kept.name;
    if (kept.name === before) this.showStatus();
    else this.changed();
  }

  changed() {
    this.showStatus();
    if (this.chosen) this.onChange(this.chosen);
  }

  showStatus() {
    const model = this.chosen;
    if (!model) return;
    const { cold, workers, estimated_wait_s: wait } = model;
    const waiting = wait !== null && wait >= 1 ? `, about ${Math.round(wait)} s of work ahead` : '';
    status.textContent = cold ? 'No worker yet: jobs wait for one' : `${count(workers, 'worker')} ready${waiting}`;
    status.classList.toggle('ready', !cold);
  }
}

/**
 * @param {number} n
 * @param {string} noun
 */
const count = (n, noun) => `${n} ${noun}${n === 1 ? '' : 's'}`;
