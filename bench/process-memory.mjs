import { readFileSync } from 'node:fs';

/** Of this process, from the kernel: resident at its peak; what of it now is neither a file nor a library; what is, mapped. */
export function processMemory() {
  const status = readFileSync('/proc/self/status', 'utf8');
  const bytes = (field) => Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)[1]) * 1024;
  return { peakBytes: bytes('VmHWM'), ownBytes: bytes('RssAnon'), mappedBytes: bytes('RssFile') };
}
