/**
 * Preloaded (`node --import`) into every process that the embedded mode forks: when the parent dies, however it dies, its
 * channel closes, and this process ends as it would on SIGTERM.
 */
const giveUpMs = 10_000;

process.once('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.exit(1), giveUpMs).unref();
});
// Listening must not be what keeps the process alive.
process.channel?.unref();
