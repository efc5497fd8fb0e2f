import { setFlagsFromString } from 'node:v8'

// Almost everything that a hydrator allocates is a buffer that lives for a moment. If the young generation
// does not grow, buffers are collected sooner, which saves 40 MiB and a fifth of the time. It must not have
// grown before, so this is the first import of the program.
if (process.argv[2] === 'hydrate') setFlagsFromString('--semi-space-growth-factor=1')
