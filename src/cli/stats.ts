/** `ceralacca stats`: the figures that the authority is told every four months; in Italian, for that is who reads them. No personal data. */
import { clientError } from '../base/errors.ts'
import { FIGURE_NAMES, FIGURES } from '../service-level/figures.ts'
import type { Report, ServiceReport } from '../service-level/report.ts'
import { dayAfter, periodAt, periodOf, startOfRomeDay, type Period } from '../service-level/rome-time.ts'
import { serviceLevelOf } from '../wiring/service-level-parts.ts'
import { table, type Command, type Invocation } from './command.ts'
import { withInstallation } from './connect.ts'

const NAMES: Record<ServiceReport['service'], string> = {
  access: 'Punto di accesso',
  incoming: 'Punto di ricezione',
  imap: 'Consultazione IMAP',
  pop3: 'Consultazione POP3',
  web: 'Servizio web',
  database: 'Base di dati',
  all: 'Nel complesso',
}

function periodIn({ period, from, to }: Invocation['options'], now: number): Period {
  if (typeof period === 'string' && from === undefined && to === undefined) return periodOf(period)
  if (period !== undefined) throw clientError('usage', 'say --period or --from and --to, not both')
  if (from === undefined && to === undefined) return periodAt(now)
  if (typeof from !== 'string' || typeof to !== 'string') throw clientError('usage', 'say both --from and --to')
  // Whole days, the last one too.
  const span = { name: `${from}/${to}`, from, to: dayAfter(to) }
  if (startOfRomeDay(from) >= startOfRomeDay(span.to)) throw clientError('usage', '--to is before --from')
  return span
}

/** Days, hours, minutes and seconds of something; 0s for nothing. */
function duration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  const parts: [number, string][] = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ]
  return (
    parts
      .filter(([value]) => value > 0)
      .map(([value, unit]) => `${value}${unit}`)
      .join(' ') || '0s'
  )
}

const percent = (share: number | null): string =>
  share === null ? '-' : `${(Math.floor(share * 100_000) / 1000).toFixed(3).replace('.', ',')}%`

/** Name and value of everything that is a number, in order. */
function rowsOf({ mailboxes, figures, services }: Report): [name: string, label: string, value: number][] {
  return [
    ['mailboxes-active', 'Caselle attive al termine del periodo', mailboxes.active],
    ['mailboxes-suspended', 'Caselle sospese al termine del periodo', mailboxes.suspended],
    ['mailboxes-opened', 'Caselle attivate nel periodo', mailboxes.opened],
    ['mailboxes-closed', 'Caselle cessate nel periodo', mailboxes.closed],
    ...FIGURE_NAMES.map((figure): [string, string, number] => [figure, FIGURES[figure], figures[figure]]),
    ...services.flatMap(({ service, downMs, maintenanceMs, longestMs }): [string, string, number][] => [
      [`${service}-down-seconds`, `Indisponibilità, secondi: ${NAMES[service]}`, Math.round(downMs / 1000)],
      [`${service}-longest-seconds`, `Fermo più lungo, secondi: ${NAMES[service]}`, Math.round(longestMs / 1000)],
      [
        `${service}-maintenance-seconds`,
        `Fermo per manutenzione programmata, secondi: ${NAMES[service]}`,
        Math.round(maintenanceMs / 1000),
      ],
    ]),
  ]
}

const csvField = (text: string): string => `"${text.replaceAll('"', '""')}"`

const csvOf = (report: Report): string =>
  ['voce;descrizione;valore', ...rowsOf(report).map(([name, label, value]) => `${name};${csvField(label)};${value}`)].join('\n')

function textOf(report: Report): string {
  const { period, days, services, maintenance, watchedSince } = report
  const figures = rowsOf(report).filter(([name]) => !name.endsWith('-seconds'))
  const width = Math.max(...figures.map(([, , value]) => String(value).length))
  const [first] = services
  const notes = [
    ...(days.counted < days.wanted
      ? [`Giorni conteggiati: ${days.counted} di ${days.wanted}${days.first === null ? '' : ` (dal ${days.first})`}.`]
      : []),
    watchedSince === null
      ? 'La disponibilità non è ancora rilevata.'
      : `Disponibilità rilevata dal ${new Date(watchedSince).toISOString()}.`,
    `Indisponibilità ammessa: ${duration(first?.budgetMs ?? 0)} in tutto, ${duration((first?.budgetMs ?? 0) / 2)} per ciascun fermo.`,
    `Manutenzioni programmate dichiarate: ${maintenance.length}.`,
  ]
  return [
    `Periodo ${period.name}: dal ${period.from} al ${dayAfter(period.to, -1)}`,
    '',
    table([['VOCE', 'VALORE'], ...figures.map(([, label, value]) => [label, String(value).padStart(width)])]),
    '',
    table([
      ['SERVIZIO', 'DISPONIBILITÀ', 'INDISPONIBILITÀ', 'FERMI', 'PIÙ LUNGO', 'MANUTENZIONE', 'LIVELLO'],
      ...services.map(({ service, share, downMs, outages, longestMs, maintenanceMs, kept }) => [
        NAMES[service],
        percent(share),
        duration(downMs),
        String(outages),
        duration(longestMs),
        duration(maintenanceMs),
        share === null ? '-' : kept ? 'rispettato' : 'NON rispettato',
      ]),
    ]),
    '',
    ...notes,
  ].join('\n')
}

export const stats: Command = {
  words: ['stats'],
  summary: 'Show the figures for the authority: mailboxes, messages by kind, availability.',
  options: {
    period: { type: 'string', value: 'YEAR-N', help: 'four months: 2026-1 is January to April (default: the present ones)' },
    from: { type: 'string', value: 'DAY', help: 'the first day instead, in Italian time, with --to' },
    to: { type: 'string', value: 'DAY', help: 'the last day' },
    csv: { type: 'boolean', help: 'as CSV, with ";"' },
    recompute: { type: 'boolean', help: 'count all days again that the ledger still has, first' },
  },
  details: 'Due on 31 May, 30 September and 31 January. What each figure counts: docs/guides/statistics.md.',
  run: ({ config, options }) =>
    withInstallation(config, async (installation) => {
      const { days, report } = serviceLevelOf(config, installation)
      const period = periodIn(options, installation.now())
      await (options['recompute'] === true ? days.recompute() : days.closeDays())
      const found = await report(period)
      return { text: options['csv'] === true ? csvOf(found) : textOf(found), json: found }
    }),
}
