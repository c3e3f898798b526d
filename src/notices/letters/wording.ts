/** What the words of a language are (italian.ts, english.ts), and what they may speak of. */
import type { FactKind } from '../../registry/agreement/address-facts.ts'
import type { NoticeKind } from '../../registry/agreement/states.ts'
import type { Block } from './blocks.ts'

/** The installation, as letters speak of it. */
export interface Place {
  readonly provider: string
  /** public address of the web pages, without a slash at its end */
  readonly web: string
  readonly serverName: string
  readonly ports: Readonly<Record<'imaps' | 'pop3s' | 'submissions', number>>
  /** where bank transfers go; null: letters do not say */
  readonly bankAccount: string | null
}

/** What a letter speaks of, in the words of its language. What a notice does not say is null. */
export interface Facts extends Place {
  readonly address: string
  /** name and surname of the holder */
  readonly person: string
  readonly order: string
  readonly link: string | null
  readonly event: string | null
  readonly reason: string | null
  readonly years: number | null
  readonly days: number | null
  readonly expiresOn: string | null
  readonly lastDay: string | null
  readonly endsOn: string | null
  readonly deleteOn: string | null
  readonly reference: string | null
  readonly amount: string | null
}

export interface Words {
  readonly subject: string
  /** null: there is nothing to say of it */
  readonly blocks: readonly (Block | null)[]
}

/** What an order is told of an address of its members; that the roll was changed it knows itself. */
export type Communicated = Exclude<FactKind, 'changed'>
export type HolderKind = Exclude<NoticeKind, 'address-communicated'>

export interface Wording {
  readonly locale: string
  /** where the order's name is not known */
  readonly anOrder: string
  readonly holder: Readonly<Record<HolderKind, (facts: Facts) => Words>>
  readonly order: Readonly<Record<Communicated, (facts: Facts) => Words>>
  readonly greetHolder: (facts: Facts) => string
  readonly greetOrder: (facts: Facts) => string
  readonly signature: (facts: Facts) => string
  readonly note: (facts: Facts) => string
}

/** The one-time link of a notice. */
export const oneTimeLink = ({ link }: Facts, label: string): Block | null => (link === null ? null : { link, label })

export const site = ({ web }: Facts, label: string): Block => ({ link: `${web}/`, label })

/** A row of a table, or none where there is nothing to say. */
export const row = (name: string, value: string | null): (readonly [name: string, value: string])[] =>
  value === null ? [] : [[name, value]]
