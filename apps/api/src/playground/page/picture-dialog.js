import { find, make, prepareDialog } from './dom.js';

/** @import { Tile } from './tile.js' */

const dialog = find('#picture', HTMLDialogElement);
const image = find('#picture-image', HTMLImageElement);

/** A picture on its own, with how it was made. */
export class PictureDialog {
  /** @param {Record<'edit' | 'reuse' | 'remove', (tile: Tile) => void>} actions */
  constructor(actions) {
    /** @type {Tile | undefined} */
    this.tile = undefined;
    prepareDialog(dialog);
    for (const name of /** @type {const} */ (['edit', 'reuse', 'remove'])) {
      find(`#picture-${name}`, HTMLButtonElement).addEventListener('click', () => {
        dialog.close();
        if (this.tile) actions[name](this.tile);
      });
    }
  }

  /** @param {Tile} tile */
  open(tile) {
    const { job, result } = tile;
    if (!result) return;
    this.tile = tile;
    const { request, timings } = job;
    image.src = result.url;
    image.alt = request.prompt;
    find('#picture-title', HTMLElement).textContent = request.prompt;
    find('#picture-open', HTMLAnchorElement).href = result.url;
    // Pictures that it began with are not part of its settings.
    find('#picture-reuse', HTMLButtonElement).hidden = (request.images ?? request.image) !== undefined;
    const facts = [
      ['Model', job.model],
      ['Size', `${result.width} × ${result.height} px`],
      ['Seed', result.seed],
      ['Steps', request.steps],
      ...(request.strength === undefined ? [] : [['Made anew', `${Math.round(100 * request.strength)} %`]]),
      ...(request.guidance_scale > 0 ? [['Guidance', request.guidance_scale]] : []),
      ['In the queue', milliseconds(timings.queue_ms)],
      ['Computed in', milliseconds(timings.compute_ms)],
    ];
    find('#picture-facts', HTMLElement).replaceChildren(
      ...facts.map(([term, value]) => make('div', {}, [make('dt', {}, [`${term}`]), make('dd', {}, [`${value}`])])),
    );
    dialog.showModal();
  }
}

/** @param {number | null} ms */
const milliseconds = (ms) => (ms === null ? '–' : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);
