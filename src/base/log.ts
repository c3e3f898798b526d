/** Events as log lines: JSON on standard error, one a line. What an event does not carry cannot reach the log (I9). */
import { destination, pino } from 'pino'
import { CeralaccaError } from './errors.ts'
import type { EventSink, Events } from './events.ts'

type Level = 'debug' | 'info' | 'warn' | 'error'

const LEVELS: Record<keyof Events, Level> = {
  'database-started': 'info',
  'database-stopped': 'info',
  listening: 'info',
  'submission-accepted': 'info',
  'submission-refused': 'info',
  delivered: 'debug',
  'dispatch-attempt-failed': 'error',
  'dispatch-stuck': 'error',
  'receipt-stuck': 'error',
  'send-deferred': 'warn',
  'mail-put-off': 'warn',
  'mail-undeliverable': 'warn',
  'mail-taken': 'info',
  'mail-refused': 'info',
  'virus-missed': 'error',
  'login-failed': 'info',
  'unexpected-error': 'error',
  'quarantine-expired': 'info',
  'quota-warning': 'info',
  swept: 'info',
  'directory-refreshed': 'info',
  'directory-refresh-failed': 'error',
  'directory-stale': 'error',
  'directory-problems': 'error',
  'directory-conflicts': 'error',
  'revocation-list-stale': 'error',
  'ledger-sealed': 'debug',
  'ledger-stamped': 'info',
  'ledger-stamp-failed': 'warn',
  'ledger-stamp-late': 'error',
  'ledger-file-written': 'info',
  'ledger-dropped': 'info',
  'ledger-released': 'info',
  'ledger-drop-waits': 'warn',
  'seal-identity': 'info',
  'seal-stopped': 'error',
  'seal-identity-unusable': 'error',
  'seal-certificate-revoked': 'error',
  'certificate-expiring': 'error',
  'certificate-expired': 'error',
  'service-down': 'error',
  'service-restored': 'warn',
  'service-was-down': 'warn',
  'availability-budget': 'error',
  'clock-offset': 'error',
  'clock-good-again': 'warn',
  'clock-unwatched': 'warn',
  'webhook-paused': 'warn',
  warning: 'warn',
  stopping: 'info',
}

/** A sink that writes events of at least `level`. */
export function createLog(level: Level | 'silent'): EventSink {
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination({ fd: 2, sync: true }))
  return (name, data) => log[LEVELS[name]]({ event: name, ...data, ...('error' in data ? errorFields(data.error) : {}) })
}

function errorFields(error: CeralaccaError): object {
  const causes: string[] = []
  for (let cause: unknown = error.cause; cause instanceof Error; cause = cause.cause) causes.push(cause.message)
  return { error: { code: error.code, fault: error.fault, message: error.message, causes, stack: error.stack } }
}
