/**
 * The one-slot rule: every statement of a transaction names its slot as `$1`, so that a distributed database sends it to one
 * place. The text of a statement is judged once and remembered; what is left per call is comparing two numbers.
 */
import { CeralaccaError } from '../base/errors.ts'

/** Small tables without a slot, the same on every node. Only `transactor.reference` writes them. */
export const REFERENCE_TABLES: readonly string[] = [
  'schema_migration',
  'domain',
  'domain_policy',
  'professional_order',
  'agreement',
  'terms_text',
  'operator',
  'operator_recovery_code',
  'operator_passkey',
  'operator_session',
  'directory_provider',
  'directory_certificate',
  'directory_domain',
  'directory_state',
  'ledger_hold',
  'seal_identity',
  'revocation_list',
  'webhook_subscription',
  'machine_token',
]

const SLOT_CONDITION = /\bslot\s*=\s*\$1\b/
const SLOT_INSERT = /\binsert\s+into\s+\w+(?:\s+as\s+\w+)?\s*\(\s*slot\b[^)]*\)\s*(?:values\s*\(|select)\s*\$1\b/
/** A function that is called with the slot first: `select f($1, ...)`, `from f($1::int, ...)`. */
const SLOT_CALL =
  /\b(?:select|from|join|lateral)\s+(?:[a-z_]\w*\.)?([a-z_]\w*)\s*\(\s*(?:p_slot\s*=>\s*)?\$1(?:::int(?:eger|4)?)?\s*[,)]/g
/** Built-in functions place nothing: `select coalesce($1, ...)` is no slot. */
const BUILT_IN =
  /^(?:coalesce|nullif|greatest|least|generate_series|unnest|abs|count|max|min|sum|cast|row|array|exists|values|pg_\w+)$/

const WRITE_TARGET =
  /(?:\binsert\s+into|(?<!\b(?:for|key|do)\s+)\bupdate|\bdelete\s+from|\bmerge\s+into)\s+(?:only\s+)?"?(\w+)"?/g

/** What a statement may be used for, from its text alone. */
interface Judgement {
  readonly namesSlot: boolean
  /** the first table that it writes and that is no reference table */
  readonly slottedTarget: string | undefined
}

function judge(sql: string): Judgement {
  const text = sql.toLowerCase()
  const called = [...text.matchAll(SLOT_CALL)].some(([, name]) => !BUILT_IN.test(name ?? ''))
  const targets = [...text.matchAll(WRITE_TARGET)].map(([, table]) => table ?? '')
  return {
    namesSlot: called || SLOT_CONDITION.test(text) || SLOT_INSERT.test(text),
    slottedTarget: targets.find((table) => !REFERENCE_TABLES.includes(table)),
  }
}

/** The checks of one database; the cache grows with the number of different statements in the code, not with calls. */
export interface SlotRule {
  /** Throws a bug unless `params[0]` is the slot and the text uses `$1` as the slot. */
  checkSlot(slot: number, sql: string, params: readonly unknown[]): void
  /** Throws a bug if the statement writes a table that has slots. */
  checkReference(sql: string): void
}

export function createSlotRule(): SlotRule {
  const judgements = new Map<string, Judgement>()
  const judgementOf = (sql: string): Judgement => {
    const known = judgements.get(sql)
    if (known) return known
    const judgement = judge(sql)
    judgements.set(sql, judgement)
    return judgement
  }
  return {
    checkSlot(slot, sql, params) {
      if (params[0] !== slot) throw broken(`$1 is not the slot ${slot} of the transaction`, sql)
      if (!judgementOf(sql).namesSlot) throw broken('the statement does not use $1 as its slot', sql)
    },
    checkReference(sql) {
      const table = judgementOf(sql).slottedTarget
      if (table !== undefined) throw broken(`${table} is no reference table`, sql)
    },
  }
}

const broken = (why: string, sql: string): CeralaccaError =>
  new CeralaccaError('one-slot-rule', 'bug', `${why}: ${sql.slice(0, 200)}`)
