import { ApiProblem } from './api.js';
import { announce, find } from './dom.js';
import { madeJobs } from './made-jobs.js';
import { Tile } from './tile.js';

/** @import { Api } from './api.js' */
/** @import { Job } from './types.js' */

const section = find('#gallery', HTMLElement);
const list = find('#tiles', HTMLUListElement);
const empty = find('#empty', HTMLElement);
const clear = find('#clear', HTMLButtonElement);
const terminal = ['succeeded', 'failed', 'canceled', 'expired'];

/** The pictures of this page, newest first, each followed until it is there. */
export class Gallery {
  /**
   * @param {Api} api
   * @param {{ open: (tile: Tile) => void, edit: (tile: Tile) => void, ended: () => void,
   *   problem: (problem: ApiProblem) => void }} on
   */
  constructor(api, on) {
    this.api = api;
    this.on = on;
    /** @type {Map<string, Tile[]>} */
    this.tiles = new Map();
    clear.addEventListener('click', () => {
      for (const id of this.tiles.keys()) this.remove(id);
      madeJobs.clear();
      announce('All pictures are off this page');
    });
  }

  /** Shows again what this browser made before, as far as this key may see it. */
  async restore() {
    const jobs = await Promise.allSettled(madeJobs.list().map((id) => this.api.job(id)));
    // The oldest first, since each one is put in front.
    for (const job of jobs.reverse()) {
      if (job.status === 'fulfilled' && !this.tiles.has(job.value.id)) this.show(job.value);
    }
  }

  /** @param {Job} job one just made */
  add(job) {
    madeJobs.add(job.id);
    this.show(job);
    list.firstElementChild?.scrollIntoView({ block: 'nearest' });
    announce(`In the queue: ${job.request.prompt}`);
  }

  /** @param {Job} job */
  show(job) {
    const actions = {
      open: this.on.open,
      edit: this.on.edit,
      /** @param {Tile} tile */
      cancel: (tile) => void this.cancel(tile),
      /** @param {Tile} tile */
      dismiss: (tile) => this.remove(tile.job.id),
    };
    const tiles = Array.from({ length: job.request.n }, (_, index) => new Tile(job, index, actions));
    this.tiles.set(job.id, tiles);
    list.prepend(...tiles.map(({ element }) => element));
    this.toggleEmpty();
    if (!terminal.includes(job.state)) void this.follow(job.id, tiles);
  }

  /**
   * @param {string} id
   * @param {Tile[]} tiles
   */
  async follow(id, tiles) {
    try {
      for await (const { type, data } of this.api.events(id)) {
        if (!this.tiles.has(id)) return;
        if (type === 'progress') for (const tile of tiles) tile.showStep(Number(data.step), Number(data.steps));
        if (type === 'preview') tiles[Number(data.index)]?.showPreview(String(data.url));
      }
      const job = await this.api.job(id);
      for (const tile of tiles) tile.update(job);
      announce(job.state === 'succeeded' ? `Ready: ${job.request.prompt}` : `${job.request.prompt}: ${job.state}`);
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      this.on.problem(error);
    }
    this.on.ended();
  }

  /** @param {Tile} tile */
  async cancel(tile) {
    try {
      const job = await this.api.cancel(tile.job.id);
      for (const each of this.tiles.get(job.id) ?? []) each.update(job);
      section.focus();
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      this.on.problem(error);
    }
  }

  /** @param {string} id */
  remove(id) {
    for (const { element } of this.tiles.get(id) ?? []) element.remove();
    this.tiles.delete(id);
    madeJobs.remove(id);
    this.toggleEmpty();
    section.focus();
  }

  toggleEmpty() {
    const none = this.tiles.size === 0;
    empty.hidden = !none;
    clear.hidden = none;
  }
}
