/**
 * SQL of the tables that searches need. Every statement about a folder also answers the first message whose row in them is missing, so that one
 * round trip is enough where all rows are there. Texts are constants: what a client asks for comes in as parameters.
 */
import type { Database } from '../storage/database.ts'
import { columnText, SEPARATOR } from './folded-text.ts'
import type { Criterion, SortKey } from './search-types.ts'

export type SearchTable = 'content_header' | 'content_fields' | 'content_text' | 'content_preview'

/** Messages of a folder: with these UIDs, or with all from the first to the last of them. UIDs ascend. */
export interface Wanted {
  readonly slot: number
  readonly folder: string
  readonly uids: readonly number[]
  readonly dense: boolean
}

export interface FoundRow {
  /** as PostgreSQL writes arrays, in no order; null for none */
  uids: string | null
  /** the first message without a row; null if there is none */
  missing: number | null
}

export interface RankRow extends FoundRow {
  ranks: string | null
}

export interface HeaderFactsRow extends FoundRow {
  sent: string | null
  subjects: string | null
  replies: string | null
}

export interface ThreadIdsRow extends FoundRow {
  ids: string | null
}

/** A content that a row is to be made of. */
export interface SourceRow {
  uid: number
  id: string
  size: number
  /** as `encodeParsed` made it, as text */
  parsed: string
}

/** Not as a range from one to the other: where the planner does not know the values it takes ranges for small, and would look up row by row. */
const DENSE = 'm.uid >= ($3::bigint[])[1] and m.uid + 0 <= ($3::bigint[])[2]'

const spanOf = (dense: boolean): string => `m.slot = $1 and m.folder = $2 and ${dense ? DENSE : 'm.uid = any ($3::bigint[])'}`
const spanValues = ({ slot, folder, uids, dense }: Wanted): unknown[] => [
  slot,
  folder,
  dense ? [uids[0] ?? 0, uids.at(-1) ?? 0] : uids,
]

/** Rows with texts are looked up one by one by their key: no plan may carry the texts of a whole table. */
function joined(table: SearchTable, dense: boolean): string {
  const rows =
    table === 'content_header'
      ? 'content_header x on x.slot = $1 and x.content = m.content'
      : `lateral (select * from ${table} t where t.slot = $1 and t.content = m.content offset 0) x on true`
  return `message m left join ${rows} where ${spanOf(dense)}`
}
const missing = 'min(m.uid) filter (where x.content is null) as missing'

const IN_ROME = (column: string): string => `to_char(${column} at time zone 'Europe/Rome', 'YYYYMMDD')::integer`
const OPERATORS = { before: '<', on: '=', since: '>=' } as const

/** Where a criterion is looked for: a condition on `m`, or on `x` of its table, with its own parameters from $4 on. */
interface Test {
  readonly table?: SearchTable
  readonly condition: string
  readonly values: readonly unknown[]
}

function testOf(criterion: Criterion): Test {
  switch (criterion.on) {
    case 'received':
      return { condition: `${IN_ROME('m.internal_date')} ${OPERATORS[criterion.op]} $4`, values: [criterion.day] }
    case 'saved':
      // What came before that was noted goes by its internal date (RFC 8514 4.3).
      return {
        condition: `${IN_ROME('coalesce(m.saved_at, m.internal_date)')} ${OPERATORS[criterion.op]} $4`,
        values: [criterion.day],
      }
    case 'sent':
      return { table: 'content_header', condition: `x.sent_day ${OPERATORS[criterion.op]} $4`, values: [criterion.day] }
    case 'older':
      return { condition: 'm.internal_date < to_timestamp($4::double precision + 1)', values: [criterion.second] }
    case 'younger':
      return { condition: 'm.internal_date >= to_timestamp($4::double precision)', values: [criterion.second] }
    case 'larger':
      return { condition: 'm.size > $4', values: [criterion.size] }
    case 'smaller':
      return { condition: 'm.size < $4', values: [criterion.size] }
    case 'content':
      return { condition: 'm.content = $4::uuid', values: [criterion.id] }
    case 'header':
      return {
        table: 'content_fields',
        // A name that holds a colon is no field's, though a field with its value may begin with it.
        condition: `case when strpos(x.fields, $4) > 0 then exists (select from string_to_table(x.fields, '${SEPARATOR}') f
          where starts_with(f, $5) and strpos(f, ': ') = length($5) - 1 and strpos(substr(f, length($5) + 1), $4) > 0) end`,
        values: [columnText(criterion.text), `${criterion.name.toLowerCase()}: `],
      }
    case 'fields':
      return { table: 'content_fields', condition: 'strpos(x.fields, $4) > 0', values: [columnText(criterion.text)] }
    case 'body':
      return { table: 'content_text', condition: 'strpos(x.body, $4) > 0', values: [columnText(criterion.text)] }
    case 'subject':
      return { table: 'content_header', condition: 'strpos(x.subject, $4) > 0', values: [columnText(criterion.text)] }
    case 'from':
    case 'to':
    case 'cc':
    case 'bcc':
      return {
        table: 'content_header',
        condition: `strpos(x.${criterion.on}_text, $4) > 0`,
        values: [columnText(criterion.text)],
      }
  }
}

/** Which table a criterion is looked for in. */
export const tableOf = (criterion: Criterion): SearchTable | undefined => testOf(criterion).table

const SORT_COLUMNS: Readonly<Record<SortKey, string>> = {
  arrival: 'm.internal_date',
  size: 'm.size',
  // RFC 5256 2.2
  date: 'coalesce(x.sent_at, m.internal_date)',
  subject: 'x.base_subject',
  from: 'x.sort_from',
  to: 'x.sort_to',
  cc: 'x.sort_cc',
  displayfrom: 'x.display_from',
  displayto: 'x.display_to',
}

/** The columns of each table beside its key, with their types. */
const COLUMNS: Readonly<Record<SearchTable, string>> = {
  content_header: `subject text, from_text text, to_text text, cc_text text, bcc_text text, sent_day integer, sent_at timestamptz,
    base_subject text, is_reply boolean, sort_from text, sort_to text, sort_cc text, display_from text, display_to text`,
  content_fields: 'fields text, thread text[]',
  content_text: 'body text',
  content_preview: 'preview text',
}

function insertInto(table: SearchTable): string {
  const names = COLUMNS[table].split(',').map((column) => column.trim().split(' ')[0] ?? '')
  return `insert into ${table} (slot, content, ${names.join(', ')}) select $1, r.content, ${names.map((name) => `r.${name}`).join(', ')}
    from json_to_recordset($2::json) as r(content uuid, ${COLUMNS[table]}) on conflict do nothing`
}

const SOURCE = `c.id, c.size, convert_from(c.parsed, 'UTF8') as parsed`

/** The statements, bound to a database. */
export function searchQueries({ reader, transactor }: Database) {
  return {
    async find(wanted: Wanted, criterion: Criterion): Promise<FoundRow | undefined> {
      const { table, condition, values } = testOf(criterion)
      const from = table ? joined(table, wanted.dense) : `message m where ${spanOf(wanted.dense)}`
      const sql = `select array_agg(m.uid) filter (where ${condition})::text as uids, ${table ? missing : 'null as missing'} from ${from}`
      return (await reader.read<FoundRow>(sql, [...spanValues(wanted), ...values]))[0]
    },

    async ranks(wanted: Wanted, key: SortKey): Promise<RankRow | undefined> {
      const sql = `select array_agg(uid order by uid)::text as uids, array_agg(rank order by uid)::text as ranks, min(missing) as missing from (
        select m.uid, dense_rank() over (order by ${SORT_COLUMNS[key]}) as rank, case when x.content is null then m.uid end as missing
        from ${key === 'arrival' || key === 'size' ? withoutTable(wanted.dense) : joined('content_header', wanted.dense)}) r`
      return (await reader.read<RankRow>(sql, spanValues(wanted)))[0]
    },

    async headerFacts(wanted: Wanted): Promise<HeaderFactsRow | undefined> {
      const sql = `select array_agg(uid order by uid)::text as uids, array_agg(sent order by uid)::text as sent,
          array_agg(subject order by uid)::text as subjects, array_agg(reply order by uid)::text as replies, min(missing) as missing
        from (
          select m.uid, extract(epoch from coalesce(x.sent_at, m.internal_date)) as sent,
            case when x.base_subject > '' then dense_rank() over (order by x.base_subject) else 0 end as subject,
            case when x.is_reply then 1 else 0 end as reply, case when x.content is null then m.uid end as missing
          from ${joined('content_header', wanted.dense)}) r`
      return (await reader.read<HeaderFactsRow>(sql, spanValues(wanted)))[0]
    },

    /** Every message comes with at least its own id, 0 if it has none. */
    async threadIds(wanted: Wanted): Promise<ThreadIdsRow | undefined> {
      const sql = `select array_agg(uid order by uid, n)::text as uids, array_agg(id order by uid, n)::text as ids, min(missing) as missing
        from (
          select r.uid, i.n, r.missing, case when i.id > '' then dense_rank() over (order by i.id) else 0 end as id
          from (select m.uid, x.thread, case when x.content is null then m.uid end as missing
            from ${joined('content_fields', wanted.dense)}) r
          cross join lateral unnest(coalesce(r.thread, '{""}')) with ordinality i(id, n)) r`
      return (await reader.read<ThreadIdsRow>(sql, spanValues(wanted)))[0]
    },

    previews: (slot: number, contents: readonly string[]) =>
      reader.read<{ content: string; preview: string }>(
        'select content, preview from content_preview where slot = $1 and content = any ($2::uuid[])',
        [slot, contents],
      ),

    /** Contents without a row, by UID, from a UID on: as many as `most`. */
    sources: (wanted: Wanted, table: SearchTable, from: number, most: number) =>
      reader.read<SourceRow>(
        `select m.uid, ${SOURCE} from message m join content c on c.slot = m.slot and c.id = m.content
         where ${spanOf(wanted.dense)} and m.uid >= $4
           and not exists (select from ${table} t where t.slot = $1 and t.content = m.content) order by m.uid limit $5`,
        [...spanValues(wanted), from, most],
      ),

    sourcesOf: (slot: number, contents: readonly string[]) =>
      reader.read<SourceRow>(`select 0 as uid, ${SOURCE} from content c where c.slot = $1 and c.id = any ($2::uuid[])`, [
        slot,
        contents,
      ]),

    add: (slot: number, table: SearchTable, rows: readonly object[]) =>
      transactor.call(slot, insertInto(table), [slot, JSON.stringify(rows)]),
  }
}

const withoutTable = (dense: boolean): string =>
  `message m cross join (select '00000000-0000-0000-0000-000000000000'::uuid as content) x where ${spanOf(dense)}`

export type SearchQueries = ReturnType<typeof searchQueries>
