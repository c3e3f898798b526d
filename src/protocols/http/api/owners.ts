/** Whose a webhook or a token is: the provider's, an order's or a mailbox's. */
import { z } from 'zod'
import { clientError } from '../../../base/errors.ts'
import type { Owner } from '../../../webhooks/subscriptions.ts'
import type { Principal } from './principal.ts'

export const ownerFields = {
  order: z.string().nullable().default(null).describe('code of the order that it is of; null: of none'),
  mailbox: z.string().nullable().default(null).describe('certified address that it is of; both null: it is the provider’s'),
}

export const shownOwner = {
  order: z.string().nullable().describe('code of the order that it is of; null: of none'),
  mailbox: z.string().nullable().describe('certified address that it is of; both null: it is the provider’s'),
}

interface Named {
  readonly order: string | null
  readonly mailbox: string | null
}

/** @throws `bad-request` */
export function ownerOf({ order, mailbox }: Named): Owner {
  if (order !== null && mailbox !== null) throw clientError('bad-request', 'Give "order" or "mailbox", not both')
  if (order !== null) return { bound: 'order', name: order }
  return mailbox === null ? { bound: 'provider', name: '' } : { bound: 'mailbox', name: mailbox.toLowerCase() }
}

export const namedOwner = ({ bound, name }: Owner): Named => ({
  order: bound === 'order' ? name : null,
  mailbox: bound === 'mailbox' ? name : null,
})

/** What a principal is held to: a program to its own order or mailbox; undefined: to nothing. */
export function boundOf(principal: Principal): Owner | undefined {
  if (principal.kind !== 'machine') return undefined
  if (principal.mailbox !== undefined) return { bound: 'mailbox', name: principal.mailbox }
  return principal.order === null ? undefined : { bound: 'order', name: principal.order }
}

export const isSameOwner = (one: Owner, other: Owner): boolean => one.bound === other.bound && one.name === other.name
