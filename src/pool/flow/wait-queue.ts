/** A place in a queue, held by whoever waits. */
export interface WaitNode<T> {
  readonly value: T;
  /** The next in line; changes as others leave. */
  readonly next: WaitNode<T> | undefined;
  /** Leaves the queue, wherever in it. Leaving twice does nothing. */
  leave(): void;
}

/**
 * First come, first served, with leaving from the middle in constant time: who waits may stand in several queues at once and
 * leaves all of them when served by one. The bound is the caller's to keep.
 */
export class WaitQueue<T> {
  private head: Node<T> | undefined;
  private tail: Node<T> | undefined;
  private count = 0;

  get length(): number {
    return this.count;
  }

  get first(): WaitNode<T> | undefined {
    return this.head;
  }

  push(value: T): WaitNode<T> {
    const node = new Node(value, this.tail, left => this.unlink(left));
    if (this.tail === undefined) this.head = node;
    else this.tail.next = node;
    this.tail = node;
    this.count += 1;
    return node;
  }

  private unlink(node: Node<T>): void {
    if (node.previous === undefined) this.head = node.next;
    else node.previous.next = node.next;
    if (node.next === undefined) this.tail = node.previous;
    else node.next.previous = node.previous;
    this.count -= 1;
  }
}

class Node<T> implements WaitNode<T> {
  next: Node<T> | undefined = undefined;
  private inQueue = true;

  constructor(
    readonly value: T,
    public previous: Node<T> | undefined,
    private readonly unlink: (node: Node<T>) => void,
  ) {}

  leave(): void {
    if (!this.inQueue) return;
    this.inQueue = false;
    // `next` stays readable, so that a walk over the queue survives the leaving of the node it stands on.
    this.unlink(this);
  }
}
