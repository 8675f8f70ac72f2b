/** The stages of a Dockerfile, each run in a folder that stands for its image's root, with this machine's node and python. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DockerfileParser } from 'dockerfile-ast';

/**
 * @typedef {object} Image
 * @property {string} root folder that stands for `/`
 * @property {string} workdir in the image
 * @property {Record<string, string>} env
 * @property {string[]} command CMD, to be run by node where the base image's entry point is node
 * @property {string[]} healthcheck
 */

/**
 * @param {string} dockerfile path
 * @param {{ context: string, folder: string, without?: string[] }} places build context; folder for the stages; names of stages
 *   to leave out, with what is copied from them
 * @returns {Map<string, Image>} by stage; the last stage without a name is `final`
 */
export function buildStages(dockerfile, { context, folder, without = [] }) {
  const images = new Map();
  const globals = {};
  let image;
  let args = {};
  for (const instruction of DockerfileParser.parse(readFileSync(dockerfile, 'utf8')).getInstructions()) {
    const keyword = instruction.getKeyword();
    const text = instruction.getArgumentsContent() ?? '';
    if (keyword === 'FROM') {
      const name = /\bAS (\S+)$/i.exec(text)?.[1] ?? 'final';
      args = {};
      image = { root: join(folder, name), workdir: '/', env: {}, command: [], healthcheck: [] };
      if (without.includes(name)) image = undefined;
      else images.set(name, image);
    } else if (keyword === 'ARG') {
      const [name, value = globals[name]] = text.split('=');
      Object.assign(image === undefined && images.size === 0 ? globals : args, { [name]: value });
    } else if (image !== undefined) {
      step(keyword, text, instruction);
    }
  }
  return images;

  function step(keyword, text, instruction) {
    if (keyword === 'WORKDIR') {
      image.workdir = text;
      mkdirSync(join(image.root, text), { recursive: true });
    } else if (keyword === 'ENV') {
      // A path of the image lies below its root here.
      for (const [, name, value] of text.matchAll(/(\w+)=(\S+)/g)) {
        image.env[name] = value.startsWith(`${image.workdir}/`) ? join(image.root, value) : value;
      }
    } else if (keyword === 'RUN') {
      const env = { ...process.env, ...args, ...image.env };
      execFileSync('bash', ['-euc', text], { cwd: join(image.root, image.workdir), env, stdio: ['ignore', 2, 2] });
    } else if (keyword === 'COPY') {
      copy(
        text.split(/\s+/),
        instruction
          .getFlags()
          .find((flag) => flag.getName() === 'from')
          ?.getValue(),
      );
    } else if (keyword === 'CMD') {
      image.command = JSON.parse(text);
    } else if (keyword === 'HEALTHCHECK') {
      image.healthcheck = JSON.parse(text.slice(text.indexOf('[')));
    } else if (!['USER', 'EXPOSE'].includes(keyword)) {
      throw new Error(`${dockerfile}: ${keyword} is not known to scripts/images/build-stages.mjs`);
    }
  }

  function copy(paths, from) {
    if (without.includes(from)) return;
    const target = paths.at(-1);
    const to = join(image.root, target.startsWith('/') ? target : join(image.workdir, target));
    for (const path of paths.slice(0, -1)) {
      const source = join(from === undefined ? context : images.get(from).root, path);
      // What the base image brings is this machine's.
      if (basename(path) === 'node' && !existsSync(source)) cpSync(process.execPath, ensured(to));
      else if (statSync(source).isDirectory()) cpSync(source, ensured(to, true), { recursive: true });
      else cpSync(source, target.endsWith('/') ? join(ensured(to, true), basename(path)) : ensured(to));
    }
  }
}

function ensured(path, isFolder = false) {
  mkdirSync(isFolder ? path : join(path, '..'), { recursive: true });
  return path;
}
