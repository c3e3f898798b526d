/** What is to be told to holders and orders by ordinary e-mail, as rows that wait for who sends them. */
import type { Reader } from '../../storage/database.ts'
import type { NoticeKind, Subject } from './states.ts'

export interface NoticeRow {
  readonly id: string
  readonly kind: NoticeKind
  readonly subjectKind: Subject
  readonly subject: string
  readonly recipient: string
  readonly data: Readonly<Record<string, string | number | null>>
  readonly createdAt: Date
  readonly sentAt: Date | null
}

export interface Notices {
  /** Of a request, a contract or a renewal, the first one first. */
  of(slot: number, subject: string): Promise<NoticeRow[]>
}

export const createNotices = (reader: Reader): Notices => ({
  of: (slot, subject) =>
    reader.read<NoticeRow>(
      `select id, kind, subject_kind as "subjectKind", subject, recipient, data, created_at as "createdAt", sent_at as "sentAt"
       from notice where slot = $1 and subject = $2 order by id`,
      [slot, subject],
    ),
})
