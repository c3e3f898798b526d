/** Pages of lists: `limit`, `cursor` of the page, and `next` in the answer, which is the cursor of the page behind it or null. */
import { z } from 'zod'
import { clientError } from '../../../base/errors.ts'
import { isUuid } from '../../../base/ids.ts'
import { listOf } from './schemas.ts'

const MOST = 200

export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(MOST).default(50).describe('at most so many'),
  cursor: z.string().max(1000).optional().describe('`next` of the page before; without it, the first page'),
})

export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: listOf(item),
    next: z.string().nullable().describe('the cursor of the next page; null: this is the last one'),
  })

/** Clients hand it back as it is: what stands in it may change. */
export const cursorOf = (place: readonly string[]): string => Buffer.from(JSON.stringify(place)).toString('base64url')

/** @param length how many texts the place has. @throws `bad-cursor` */
export function placeOf(cursor: string | undefined, length: number): string[] | null {
  if (cursor === undefined) return null
  let place: unknown
  try {
    place = JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    place = undefined
  }
  if (!Array.isArray(place) || place.length !== length || !place.every((one) => typeof one === 'string'))
    throw clientError('bad-cursor', 'This cursor is not one that a page gave: begin with the first page')
  return place
}

/** A page of rows that go by their id. */
export async function pageById<Row extends { readonly id: string }>(
  { limit, cursor }: z.infer<typeof pageQuery>,
  read: (after: string | null, limit: number) => Promise<Row[]>,
): Promise<{ items: Row[]; next: string | null }> {
  const [after = null] = placeOf(cursor, 1) ?? []
  if (after !== null && !isUuid(after)) throw clientError('bad-cursor', 'This cursor is of another list')
  const items = await read(after, limit)
  const last = items.length === limit ? items.at(-1) : undefined
  return { items, next: last ? cursorOf([last.id]) : null }
}
