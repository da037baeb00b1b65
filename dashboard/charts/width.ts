import { useLayoutEffect, useRef, useState } from 'preact/hooks';

/** Also what is taken before the width is known: what is drawn too wide would widen the page it is to fit. */
const LEAST_PX = 200;

/** The width of an element in pixels, followed as it changes. */
export function useWidth() {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(LEAST_PX);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setWidth(Math.max(LEAST_PX, Math.floor(entry.contentRect.width)));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [box, width] as const;
}
