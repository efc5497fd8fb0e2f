/**
 * The first process of a container does not end at SIGTERM unless it listens. A role begins to listen when it
 * is loaded, half a second after the start or later on a busy node, and until then this does.
 */
process.on('SIGTERM', () => {
  // A role that listens decides by itself.
  if (process.listenerCount('SIGTERM') === 1) process.exit(128 + 15)
})
