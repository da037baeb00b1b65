import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

/** Whether an element holds more than it shows: it must then be reachable by keyboard, and otherwise be no stop on the way of Tab. */
export function useScrolls<E extends HTMLElement>(): readonly [box: RefObject<E | null>, scrolls: boolean] {
  const box = useRef<E>(null);
  const [scrolls, setScrolls] = useState(false);
  const sizes = useRef<ResizeObserver | undefined>(undefined);
  useEffect(() => () => sizes.current?.disconnect(), []);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = (): void =>
      setScrolls(element.scrollWidth > element.clientWidth || element.scrollHeight > element.clientHeight);
    sizes.current ??= new ResizeObserver(measure);
    // What is inside may be other elements after each rendering; to observe one twice does nothing.
    for (const one of [element, ...element.children]) sizes.current.observe(one);
    measure();
  });
  return [box, scrolls];
}

/** A named part that scrolls within itself where it must. */
export function Scrollable(props: { label: string; className?: string; children: ComponentChildren }) {
  const { label, className = 'scroll', children } = props;
  const [box, scrolls] = useScrolls<HTMLElement>();
  return (
    <section ref={box} class={className} aria-label={label} tabIndex={scrolls ? 0 : undefined}>
      {children}
    </section>
  );
}
