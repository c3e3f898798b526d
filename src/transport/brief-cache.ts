/** Answers kept for a while: each key is asked for once at a time, and again when its answer is too old. Bounded: the oldest go first. */
export interface BriefCacheOptions<T> {
  readonly load: (key: string, previous: T | undefined) => Promise<T>
  /** how long that answer holds, in milliseconds; 0 for not at all */
  readonly lifetime: (answer: T) => number
  readonly most: number
  /** milliseconds since 1970 */
  readonly now: () => number
}

interface Entry<T> {
  readonly answer: Promise<T>
  value: T | undefined
  /** Infinity while the answer is awaited */
  expires: number
}

/** @returns a function that answers from memory or by `load`, whose rejections are passed on and not kept. */
export function createBriefCache<T>({ load, lifetime, most, now }: BriefCacheOptions<T>): (key: string) => Promise<T> {
  const entries = new Map<string, Entry<T>>()

  return async function answerOf(key) {
    const known = entries.get(key)
    if (known && known.expires > now()) return known.answer
    const entry: Entry<T> = { answer: load(key, known?.value), value: known?.value, expires: Infinity }
    entries.delete(key)
    entries.set(key, entry)
    const [oldest] = entries.keys()
    if (entries.size > most && oldest !== undefined) entries.delete(oldest)
    try {
      entry.value = await entry.answer
      entry.expires = now() + lifetime(entry.value)
      return entry.value
    } catch (error) {
      if (entries.get(key) === entry) entries.delete(key)
      throw error
    }
  }
}
