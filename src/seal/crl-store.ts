/**
 * Revocation lists in memory, by the URL that they come from and the issuer who must have signed them.
 *
 * A list is fetched anew after `refreshMs`, or at its nextUpdate if that is earlier, by whoever asks first; all who ask meanwhile wait for
 * the same fetch. Where that fails, the last good list counts on until its nextUpdate, and an event tells of it. A list never makes place
 * for one that was issued before it: who controls the way could otherwise bring an old one back.
 */
import { asCeralaccaError, temporaryError } from '../base/errors.ts'
import type { CeralaccaError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'
import type { KnownCertificate } from './certificate-cache.ts'
import { readList, verifyList } from './crl.ts'
import type { RevocationList } from './crl.ts'
import { unfitList } from './crl-entries.ts'
import type { FetchedList } from './kept-lists.ts'

export interface ListStoreDeps {
  /** Bounded in time and size by itself. */
  readonly fetchList: (url: string) => Promise<Buffer>
  /** milliseconds */
  readonly refreshMs: number
  /** milliseconds since 1970 */
  readonly now: () => number
  readonly report: EventSink
  /** Keeps what was fetched and is good, for later proof. Where that fails, an event tells of it, and the list counts all the same. */
  readonly keep?: (list: FetchedList, at: number) => Promise<void>
}

export interface ListStore {
  /**
   * The list of that URL, signed by that issuer and valid now.
   * @throws temporary error `revocation-unknown`
   */
  list(url: string, issuer: KnownCertificate): Promise<RevocationList>
}

/** after a fetch that failed, the next one: a server in trouble is not asked with every message, and no message waits for it each time */
const RETRY_MS = 30_000
/** more do not occur: there are some dozens of providers, and fewer authorities */
const MOST_LISTS = 200

interface Place {
  /** the last good one */
  list: RevocationList | null
  /** when it is fetched (again), at the earliest */
  due: number
  fetching: Promise<void> | null
  /** why there is no newer one */
  error: CeralaccaError | null
}

const timeOfDay = (ms: number): string => new Date(ms).toISOString()

export function createListStore({ fetchList, refreshMs, now, report, keep }: ListStoreDeps): ListStore {
  const places = new Map<string, Place>()

  function placeOf(key: string): Place {
    const known = places.get(key)
    if (known) return known
    const place: Place = { list: null, due: Number.NEGATIVE_INFINITY, fetching: null, error: null }
    places.set(key, place)
    if (places.size > MOST_LISTS) places.delete(places.keys().next().value ?? key)
    return place
  }

  async function fetchGood(url: string, issuer: KnownCertificate, held: RevocationList | null): Promise<RevocationList> {
    const bytes = await fetchList(url)
    const list = readList(bytes)
    verifyList(list, issuer)
    const at = now()
    if (list.thisUpdate > at) throw unfitList(`it is not valid before ${timeOfDay(list.thisUpdate)}`)
    if (list.nextUpdate <= at) throw unfitList(`it was valid until ${timeOfDay(list.nextUpdate)}`)
    if (held && list.thisUpdate < held.thisUpdate) throw unfitList('it is older than the one that is known')
    await keepGood({ url, bytes })
    return list
  }

  async function keepGood(list: FetchedList): Promise<void> {
    try {
      await keep?.(list, now())
    } catch (thrown) {
      report('unexpected-error', { where: 'revocation lists', error: asCeralaccaError(thrown) })
    }
  }

  /** Never rejects. */
  async function refresh(place: Place, url: string, issuer: KnownCertificate): Promise<void> {
    try {
      place.list = await fetchGood(url, issuer, place.list)
      place.error = null
      place.due = Math.min(now() + refreshMs, place.list.nextUpdate)
    } catch (thrown) {
      const error = asCeralaccaError(thrown)
      const valid = place.list && place.list.nextUpdate > now() ? place.list.nextUpdate : null
      place.error = error
      place.due = Math.min(now() + Math.min(RETRY_MS, refreshMs), valid ?? Number.POSITIVE_INFINITY)
      report('revocation-list-stale', { url, validUntil: valid === null ? null : timeOfDay(valid), error })
    }
    place.fetching = null
  }

  return {
    async list(url, issuer) {
      const place = placeOf(`${issuer.id} ${url}`)
      if (now() >= place.due) {
        place.fetching ??= refresh(place, url, issuer)
        await place.fetching
      }
      const { list, error } = place
      if (list === null || list.nextUpdate <= now()) {
        throw temporaryError('revocation-unknown', `there is no valid revocation list from ${url} now`, error)
      }
      return list
    },
  }
}
