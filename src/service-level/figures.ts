/** The figures that are counted from the ledger by day, and their names for the authority. */

/** In the order in which they are shown. */
export const FIGURES = {
  accepted: 'Messaggi accettati (ricevute di accettazione, buste di trasporto emesse)',
  refused: 'Messaggi non accettati (avvisi di non accettazione)',
  'refused-virus': 'di cui per presenza di virus',
  relayed: 'Destinatari di altri server a cui i messaggi sono stati consegnati',
  'envelopes-received': 'Buste di trasporto ricevute da altri gestori',
  'taken-in-charge': 'Ricevute di presa in carico emesse',
  'virus-found': 'Avvisi di rilevazione virus emessi',
  anomalies: 'Buste di anomalia emesse',
  'delivered-local': 'Ricevute di avvenuta consegna emesse, mittente di questo gestore',
  'delivered-other': 'Ricevute di avvenuta consegna emesse, mittente di altri gestori',
  'failed-local': 'Avvisi di mancata consegna emessi, mittente di questo gestore',
  'failed-other': 'Avvisi di mancata consegna emessi, mittente di altri gestori',
  timeouts: 'Avvisi per superamento dei tempi massimi emessi',
  'receipts-local': 'Ricevute e avvisi di questo gestore giunti ai mittenti',
  'receipts-other': 'Ricevute e avvisi di altri gestori giunti ai mittenti',
  'notices-received': 'Ricevute di presa in carico e avvisi di virus ricevuti da altri gestori',
} as const

export type Figure = keyof typeof FIGURES

export const FIGURE_NAMES = Object.keys(FIGURES) as Figure[]

/** Identifiers that this provider gave end with its domain: what is about such a message has a sender of this provider. $3: the domain. */
const OURS = `e.pec_msgid like '%@' || $3::text`

/**
 * Which entries a figure counts, and how often each counts. A receipt that goes out has its identifier in `related`; what is put into a mailbox
 * without one (an anomaly envelope, a notice in the service mailbox) has none there.
 */
const COUNTED: Record<Exclude<Figure, 'refused-virus'>, readonly [condition: string, times: string]> = {
  accepted: [`e.event = 'accepted'`, '1'],
  refused: [`e.event = 'refused'`, '1'],
  relayed: [`e.event = 'relayed'`, 'cardinality(e.recipients)'],
  'envelopes-received': [`e.event in ('taken-in-charge', 'virus-found')`, '1'],
  'taken-in-charge': [`e.event = 'taken-in-charge'`, 'cardinality(e.related)'],
  'virus-found': [`e.event = 'virus-found'`, 'cardinality(e.related)'],
  anomalies: [`e.event = 'arrived' and e.detail is not null`, '1'],
  'delivered-local': [`e.event = 'delivered' and ${OURS}`, 'cardinality(e.related)'],
  'delivered-other': [`e.event = 'delivered' and not ${OURS}`, 'cardinality(e.related)'],
  'failed-local': [`e.event = 'delivery-failed' and ${OURS}`, '1'],
  'failed-other': [`e.event = 'delivery-failed' and not ${OURS}`, '1'],
  timeouts: [`e.event = 'timeout-notice'`, '1'],
  'receipts-local': [`e.event = 'receipt-received' and e.related <> '{}' and e.provider = $4::text`, '1'],
  'receipts-other': [`e.event = 'receipt-received' and e.related <> '{}' and e.provider <> $4::text`, '1'],
  'notices-received': [`e.event = 'receipt-received' and e.related = '{}'`, '1'],
}

/** One pass over the entries from $1 to before $2: a row for each day and figure that has something. $3: the provider's domain, $4: its name. */
export const COUNT_LEDGER = `select d.day, f.figure, f.count from (
    select (e.at at time zone 'Europe/Rome')::date as day,
      ${Object.entries(COUNTED)
        .map(([figure, [condition, times]]) => `coalesce(sum(${times}) filter (where ${condition}), 0)::bigint as "${figure}"`)
        .join(',\n      ')}
    from ledger_entry e where e.at >= $1 and e.at < $2 group by 1) d
  cross join lateral (values ${Object.keys(COUNTED)
    .map((figure) => `('${figure}', d."${figure}")`)
    .join(', ')}) f(figure, count)
  where f.count > 0`

/** The same for submissions that were refused for a virus: the ledger names only the virus. */
export const COUNT_VIRUS = `select (r.at at time zone 'Europe/Rome')::date as day, 'refused-virus' as figure, count(*) as count
  from refusal r where r.code = 'virus' and r.at >= $1 and r.at < $2 group by 1`
