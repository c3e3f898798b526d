/** The agreements with professional orders: a code, the order, and the domain in which its members get their addresses. */
import { clientError } from '../base/errors.ts'
import type { Domains } from '../directory/domains.ts'
import type { Database } from '../storage/database.ts'

export interface Agreement {
  readonly code: string
  readonly order: string
  readonly domain: string
}

export interface Agreements {
  /** @throws `bad-agreement-code`, `no-such-domain`, `agreement-exists` */
  add(agreement: Agreement): Promise<void>
  list(): Promise<Agreement[]>
}

const CODE = /^[A-Z0-9]+(-[A-Z0-9]+)*$/

export interface AgreementsDeps {
  readonly database: Database
  readonly domains: Pick<Domains, 'isLocal'>
  readonly now: () => number
}

export function createAgreements({ database: { reader, transactor }, domains, now }: AgreementsDeps): Agreements {
  return {
    async add({ code, order, domain }) {
      if (!CODE.test(code)) throw clientError('bad-agreement-code', `"${code}" is not a code such as OMCEO-XX-0051`)
      if (!(await domains.isLocal(domain))) {
        throw clientError('no-such-domain', `${domain} is not served here: add it with "ceralacca domain add ${domain}"`)
      }
      const made = await transactor.reference((tx) =>
        tx.query(
          `insert into agreement (code, order_name, domain, created_at) values ($1, $2, $3, $4) on conflict do nothing returning code`,
          [code, order, domain.toLowerCase(), new Date(now())],
        ),
      )
      if (made.length === 0) throw clientError('agreement-exists', `There is an agreement ${code} already`)
    },

    list: () => reader.read<Agreement>('select code, order_name as order, domain from agreement order by code'),
  }
}
