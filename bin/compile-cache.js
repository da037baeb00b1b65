// Has code taken as it was compiled before, wherever Node can. Best imported first, and what it is about later.
import module from 'node:module';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

// Node's own modules bring their compiled code along, for the flags that V8 has by default. This one is of no use any more: by now the heap
// is as large as it says. Threads say what they need.
setFlagsFromString('--max-semi-space-size=0');

// From 22.1 on Node keeps compiled code of all else in a folder, if it may write there.
module.enableCompileCache?.(fileURLToPath(new URL('../node_modules/.cache/weir', import.meta.url)));
