import { find } from './dom.js';

/** @import { Job } from './types.js' */

const template = find('#tile', HTMLTemplateElement);
/** @type {Record<string, string>} */
const stateTexts = { queued: 'Waiting for a worker', running: 'Starting', canceled: 'Canceled', expired: 'Too late' };
const endedWithout = ['failed', 'canceled', 'expired'];

/** One picture of a job: from its place in the queue over its previews to what it became. */
export class Tile {
  /**
   * @param {Job} job
   * @param {number} index
   * @param {{ open: (tile: Tile) => void, edit: (tile: Tile) => void, cancel: (tile: Tile) => void,
   *   dismiss: (tile: Tile) => void }} actions
   */
  constructor(job, index, actions) {
    this.job = job;
    this.index = index;
    const root = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    this.element = find('.tile', HTMLLIElement, root);
    this.frame = find('.frame', HTMLButtonElement, root);
    this.image = find('img', HTMLImageElement, root);
    this.stateText = find('.state', HTMLElement, root);
    this.progress = find('progress', HTMLProgressElement, root);
    this.facts = find('.facts', HTMLElement, root);
    find('.caption', HTMLElement, root).textContent = job.request.prompt;
    this.frame.addEventListener('click', () => actions.open(this));
    for (const name of /** @type {const} */ (['edit', 'cancel', 'dismiss'])) {
      const button = find(`.${name}`, HTMLButtonElement, root);
      button.ariaLabel = `${button.textContent}: ${job.request.prompt}`;
      button.addEventListener('click', () => actions[name](this));
    }
    this.progress.ariaLabel = `Progress of ${job.request.prompt}`;
    this.update(job);
  }

  /** @returns {Job['images'][number] | undefined} */
  get result() {
    return this.job.images.find(({ index }) => index === this.index);
  }

  /** @param {Job} job */
  update(job) {
    this.job = job;
    const { state, error, timings, request } = job;
    this.element.dataset.state = state;
    this.frame.disabled = this.result === undefined;
    this.stateText.replaceChildren(stateTexts[state] ?? '');
    if (this.result) {
      const { url, width, height, seed } = this.result;
      this.image.src = url;
      this.image.alt = request.prompt;
      this.frame.ariaLabel = `Open ${request.prompt}, seed ${seed}`;
      const seconds = timings.compute_ms === null ? '' : ` · ${(timings.compute_ms / 1000).toFixed(1)} s`;
      this.facts.textContent = `${width} × ${height}${seconds} · seed ${seed}`;
    } else {
      this.facts.textContent = `${request.width} × ${request.height} · ${job.model}`;
    }
    if (endedWithout.includes(state)) this.image.removeAttribute('src');
    if (error) {
      const code = document.createElement('code');
      code.textContent = error.code;
      this.stateText.replaceChildren(code, ` ${error.message}`);
    }
  }

  /**
   * @param {number} step
   * @param {number} steps
   */
  showStep(step, steps) {
    this.element.dataset.state = 'running';
    this.progress.max = steps;
    this.progress.value = step;
    this.stateText.textContent = step < steps ? `Step ${step} of ${steps}` : 'Decoding';
  }

  /** @param {string} url */
  showPreview(url) {
    this.image.src = url;
    this.image.alt = 'Preview';
  }
}
