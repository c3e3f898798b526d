/** Forms that several resources have. */
import { z } from 'zod'

/** A list that nobody changes: what the registry answers. */
export const listOf = <Item extends z.ZodType>(item: Item): z.ZodType<readonly z.output<Item>[]> => z.array(item)

export const dayText = z.string().describe('a day in Italy, such as 2026-03-15')
