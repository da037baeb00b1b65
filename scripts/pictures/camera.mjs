// Takes pictures of pages as WebP: what the browser can encode itself needs no library.
import { existsSync, writeFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const BROWSERS = [process.env.WEIR_BROWSER, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const QUALITY = 0.82;

export async function openCamera() {
  const executablePath = BROWSERS.find(path => path && existsSync(path));
  if (executablePath === undefined)
    throw new Error('no browser found: install Debian’s chromium, or name one in WEIR_BROWSER');
  const browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox', '--disable-gpu'] });
  const darkroom = await browser.newPage();
  return {
    /**
     * A page of its own, with what belongs to no other.
     *
     * @param {{ width?: number, height?: number, colorScheme?: 'light' | 'dark' }} [options]
     */
    async page({ width = 1280, height = 800, colorScheme = 'light' } = {}) {
      const context = await browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion: 'reduce' });
      const page = await context.newPage();
      page.setDefaultTimeout(15_000);
      return page;
    },
    /** Writes what can be seen of a page, or the whole of an element, into `file`; returns its size in bytes. */
    async take(subject, file) {
      const png = (await subject.screenshot()).toString('base64');
      const url = await darkroom.evaluate(develop, { png, quality: QUALITY });
      const bytes = Buffer.from(url.slice(url.indexOf(',') + 1), 'base64');
      writeFileSync(file, bytes);
      return bytes.length;
    },
    close: () => browser.close(),
  };
}

/** Runs in the browser. */
async function develop({ png, quality }) {
  const image = new Image();
  image.src = `data:image/png;base64,${png}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext('2d').drawImage(image, 0, 0);
  return canvas.toDataURL('image/webp', quality);
}
