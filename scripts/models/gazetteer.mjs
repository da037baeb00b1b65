// Makes assets/pii/gazetteer.txt: lower-case words of names, by list. node scripts/models/gazetteer.mjs FOLDER_WITH_FAKER
import { mkdirSync, writeFileSync } from 'node:fs';
import { LISTS } from '../../dist/models/names/gazetteer.js';
import { fakerLocales } from './faker-names.mjs';

const locales = fakerLocales(process.argv[2]);
const sections = LISTS.map(list => {
  const words = locales.flatMap(locale => locale[list].flatMap(name => name.toLowerCase().split(/[\s(),/]+/)));
  const kept = [...new Set(words)].filter(word => word.length > 2 && !/\d/.test(word)).sort();
  return `# ${list}\n${kept.join('\n')}\n`;
});
mkdirSync('assets/pii', { recursive: true });
writeFileSync('assets/pii/gazetteer.txt', sections.join(''));
