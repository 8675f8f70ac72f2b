import { readEvents } from './event-stream.js';

/** @import { ApiKey } from './api-key.js' */
/** @import { Job, JobEvent, Model } from './types.js' */

/** The API said no: a problem document (RFC 9457), or the network said nothing at all (`unreachable`). */
export class ApiProblem extends Error {
  /**
   * @param {string} code
   * @param {string} detail
   * @param {{ field: string, message: string }[]} errors
   */
  constructor(code, detail, errors = []) {
    super(detail);
    this.code = code;
    /** The fields that are wrong. */
    this.errors = errors;
  }
}

/** The calls that the page makes, each with the key. All throw {@link ApiProblem}. */
export class Api {
  /** @param {ApiKey} key */
  constructor(key) {
    this.key = key;
  }

  /** @returns {Promise<Model[]>} */
  async models() {
    return (await this.json('v1/models')).models;
  }

  /**
   * @param {'v1/generations' | 'v1/edits'} path
   * @param {object} body
   * @returns {Promise<Job>}
   */
  create(path, body) {
    const headers = { 'content-type': 'application/json' };
    return this.json(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  /**
   * @param {string} id
   * @returns {Promise<Job>}
   */
  job(id) {
    return this.json(`v1/jobs/${id}`);
  }

  /**
   * @param {string} id
   * @returns {Promise<Job>}
   */
  cancel(id) {
    return this.json(`v1/jobs/${id}/cancel`, { method: 'POST' });
  }

  /**
   * A job's events to its `result`, over as many connections as it takes. EventSource cannot send the key.
   *
   * @param {string} id
   * @returns {AsyncGenerator<JobEvent, void>}
   */
  async *events(id) {
    let last = '';
    for (;;) {
      try {
        const { body } = await this.call(`v1/jobs/${id}/events`, { headers: last ? { 'last-event-id': last } : {} });
        // 204: the job was over before, and its result has been told.
        if (!body) return;
        for await (const event of readEvents(body)) {
          last = event.id;
          yield event;
          if (event.type === 'result') return;
        }
      } catch (error) {
        if (error instanceof ApiProblem && error.code !== 'unreachable') throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }

  /**
   * @param {string} path
   * @param {RequestInit} [init]
   */
  async json(path, init) {
    return (await this.call(path, init)).json();
  }

  /**
   * @param {string} path
   * @param {RequestInit} [init]
   */
  async call(path, init = {}) {
    const headers = { ...init.headers, authorization: `Bearer ${this.key.value ?? ''}` };
    const response = await fetch(new URL(path, document.baseURI), { ...init, headers }).catch(() => {
      throw new ApiProblem('unreachable', 'The service does not answer. Is it running?');
    });
    if (response.ok) return response;
    // What a proxy answers is no problem document.
    const problem = await response.json().catch(() => ({}));
    throw new ApiProblem(
      problem.code ?? `http_${response.status}`,
      problem.detail ?? response.statusText,
      problem.errors,
    );
  }
}
