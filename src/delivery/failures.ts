/** Why a delivery failed, in the form of the authority's note 12: CODE - PROVIDER - text. */
import type { Failure } from '../pec/certification-data.ts'

export const noSuchMailbox = (provider: string): Failure => ({
  error: 'no-dest',
  text: `5.1.1 - ${provider} - indirizzo non valido`,
})

export const mailboxFull = (provider: string): Failure => ({ error: 'altro', text: `5.2.2 - ${provider} - casella piena` })
