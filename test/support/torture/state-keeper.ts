/** Keeps some of many states that clients were in, each with the same chance, and the first ones. */
import type { Random } from './random.ts'
import type { Past } from './view.ts'

const FIRST = 20
const SOME = 180

export class StateKeeper {
  readonly #first: Past[] = []
  readonly #some: Past[] = []
  readonly #random: Random
  #offered = 0

  constructor(random: Random) {
    this.#random = random
  }

  get all(): readonly Past[] {
    return [...this.#first, ...this.#some]
  }

  keep(past: Past): void {
    if (this.#first.length < FIRST) {
      this.#first.push(past)
      return
    }
    this.#offered++
    const place = this.#some.length < SOME ? this.#some.length : this.#random.below(this.#offered)
    if (place < SOME) this.#some[place] = past
  }
}
