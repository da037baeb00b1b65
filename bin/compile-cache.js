// From 22.1 on Node keeps compiled code in a folder, if it may write there: a later start need not compile it again. Best imported first.
import module from 'node:module';
import { fileURLToPath } from 'node:url';

module.enableCompileCache?.(fileURLToPath(new URL('../node_modules/.cache/weir', import.meta.url)));
