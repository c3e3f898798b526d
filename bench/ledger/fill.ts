/** Fills the partitions of 30 months with entries as messages within one provider make them. */
import type { Client } from 'pg'
import { monthStart } from '../../src/ledger/retention-time.ts'

export const MONTHS = 30
const SLOTS = 256
const ENTRIES_OF_A_MESSAGE = 3

/** The identifier of a message, as ours are: the time first. */
const ID = `lpad(to_hex(extract(epoch from at)::bigint * 1000), 12, '0') || '7' || substr(md5(slot || '/' || m), 1, 19) || '@pec.example.it'`

/** $1 to $2: the numbers of the messages of a month that begins at $3; each slot has one of each. Times are whole seconds, as everywhere. */
const FILL = `insert into ledger_entry (slot, seq, at, event, pec_msgid, msgid, sender, recipients, subject, related, provider, detail)
  select slot, m * ${ENTRIES_OF_A_MESSAGE} + n + 1, at + n * interval '1 second', (array['accepted', 'delivered', 'receipt-received'])[n + 1], ${ID},
    '<' || md5(m || '-' || slot) || '@posta.example.it>', 'mario.rossi' || slot || '@pec.example.it',
    array['lucia.verdi' || m % 1000 || '@pec.example.it'], 'Richiesta di accesso agli atti, pratica n. ' || m, array[${ID}], 'Gestore di prova', null
  from (select s * 16 as slot, m, date_trunc('second', $3::timestamptz + (m - $1::bigint)::float8 / ($2 - $1::bigint) * interval '27 days') as at
    from generate_series($1::bigint, $2 - 1) m cross join generate_series(0, ${SLOTS - 1}) s) messages
  cross join generate_series(0, ${ENTRIES_OF_A_MESSAGE - 1}) n`

/**
 * @param addPartition makes the partition of a month, where none has its time; the present month has one
 * @param wanted how many entries, about
 * @returns how many there are
 */
export async function fillLedger(raw: Client, addPartition: (month: Date) => Promise<unknown>, wanted: number): Promise<number> {
  const messages = Math.max(1, Math.round(wanted / MONTHS / SLOTS / ENTRIES_OF_A_MESSAGE))
  for (let month = 0; month < MONTHS; month++) {
    const from = new Date(monthStart(Date.now(), month))
    await addPartition(from)
    await raw.query(FILL, [month * messages, (month + 1) * messages, from])
  }
  await raw.query('insert into ledger_head (slot, next_seq) select slot, max(seq) + 1 from ledger_entry group by slot')
  await raw.query('vacuum analyze')
  return messages * MONTHS * SLOTS * ENTRIES_OF_A_MESSAGE
}
