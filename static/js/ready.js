// A queue's ready copies in service order: cheap at both ends, also with 10,000 of them.

const COMPACT_OVER = 1024;

export class Ready {
  constructor(items = []) {
    this.items = items;
    this.head = 0;
  }

  get size() {
    return this.items.length - this.head;
  }

  at(index) {
    return this.items[this.head + index];
  }

  insert(index, copy) {
    if (index < 0 || index >= this.size) this.items.push(copy);
    else if (index > 0) this.items.splice(this.head + index, 0, copy);
    else if (this.head > 0) this.items[--this.head] = copy;
    else this.items.unshift(copy);
  }

  remove(copy) {
    const items = this.items;
    if (items[this.head] === copy) {
      items[this.head++] = "";
      if (this.head > COMPACT_OVER && this.head * 2 > items.length) {
        this.items = items.slice(this.head);
        this.head = 0;
      }
    } else if (items[items.length - 1] === copy) {
      items.pop();
    } else {
      const found = items.indexOf(copy, this.head);
      if (found >= 0) items.splice(found, 1);
    }
  }

  list() {
    return this.items.slice(this.head);
  }

  copy() {
    return new Ready(this.list());
  }
}
