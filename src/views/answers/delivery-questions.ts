/** How deliveries are found. Forwarded mail is found by what people know of it, too: the alias, and the sender it came from. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { DeliveryFilter } from './deliveries.ts'
import {
  accountKey,
  asKey,
  eitherWay,
  leadersBy,
  type Question,
  questionBy,
  sometime,
  type Way,
  waysOf,
} from './leading.ts'
import { patternOf } from './pattern.ts'

/** Each on its own passes where nothing was asked. */
const chosen = `
    AND (:account IS NULL OR EXISTS (
      SELECT 1 FROM account_deliveries
      WHERE accountKey = :account AND queuedAt = d.queuedAt AND delivery = d.id))
    AND (:status IS NULL OR d.status = :status OR :status = 'unfinished' AND d.finishedAt IS NULL)
    AND (:message IS NULL OR d.message = :message)
    AND (:since IS NULL OR d.queuedAt >= :since)
    AND (:until IS NULL OR d.queuedAt <= :until)
    AND (:domain IS NULL OR d.domain LIKE :ownDomain ESCAPE '\\' OR d.forwarderDomain LIKE :domain ESCAPE '\\')
    AND (:sender IS NULL OR d.sender LIKE :sender ESCAPE '\\' OR d.forwarder > '' AND EXISTS (
      SELECT 1 FROM forwarded WHERE message = d.message AND sender LIKE :sender ESCAPE '\\'))
    AND (:recipient IS NULL OR d.forwarder LIKE :recipient ESCAPE '\\' OR EXISTS (
      SELECT 1 FROM delivery_recipients WHERE delivery = d.id AND address LIKE :recipient ESCAPE '\\'))
`
const at = 'd.queuedAt'
const { everything, column, beside, time, along } = waysOf({
  ...{ select: 'd.*', from: 'deliveries AS d', id: 'd.id', at, chosen },
})
/** Those of an account, by an index of their own. */
const { column: owned } = waysOf({
  ...{ select: 'd.*', from: 'account_deliveries AS a CROSS JOIN deliveries AS d ON d.id = a.delivery' },
  ...{ id: 'a.delivery', at: 'a.queuedAt', chosen },
})
const recipients = beside({
  ...{ from: 'delivery_recipients AS r', id: 'r.delivery', where: 'r.addressKey = :lead' },
})
const ofForwarded = `FROM forwarded AS f CROSS JOIN deliveries AS d ON d.message = f.message
  WHERE f.senderKey = :lead AND d.forwarder > ''`
const fromForwarded = `${ofForwarded} AND d.id > :after`
/** Ids of deliveries begin with those of their messages: one order is the other. */
const firstSenders: Way = {
  found: 'FROM forwarded AS f WHERE f.senderKey = :lead',
  oldest: `SELECT d.* ${fromForwarded} ${chosen} ORDER BY f.message, d.id LIMIT :limit`,
  newest: `SELECT d.* ${fromForwarded} ${chosen} ORDER BY f.message DESC, d.id DESC LIMIT :limit`,
  page: `SELECT d.* ${ofForwarded} AND (d.queuedAt < :beforeAt OR d.queuedAt = :beforeAt AND d.id < :beforeId) ${chosen}
    ORDER BY d.queuedAt DESC, d.id DESC LIMIT :limit`,
}

const ledBy = leadersBy(at)<DeliveryFilter>
const leaders = [
  ledBy(({ message }) => message ?? null, column('d.message')),
  ledBy(({ account }) => accountKey(account), owned('a.accountKey')),
  ledBy(({ recipient }) => asKey(recipient), recipients, column('d.forwarderKey')),
  ledBy(({ sender }) => asKey(sender), column('d.senderKey'), firstSenders),
  ledBy(({ domain }) => eitherWay(domain), column('d.domain'), column('d.forwarderDomain')),
  ledBy(({ status }) => (status === 'unfinished' ? '' : null), column('d.waiting')),
  ledBy(({ status }) => (status === 'unfinished' ? null : (status ?? null)), column('d.status')),
  ledBy(sometime, time),
]

/** What is looked for beside the time, out of one index; of those forwarded, and those with several recipients, more has to be looked at. */
const addressed = `(:domain IS NULL OR domain LIKE :ownDomain ESCAPE '\\' OR forwarder > '')
  AND (:sender IS NULL OR sender LIKE :sender ESCAPE '\\' OR forwarder > '')
  AND (:recipient IS NULL OR sole IS NULL OR sole LIKE :recipient ESCAPE '\\' OR forwarder > '')`
const walks = [
  {
    of: ({ domain, sender, recipient }: DeliveryFilter) => (domain ?? sender ?? recipient) !== undefined,
    walk: along({ table: 'deliveries', at: 'queuedAt', id: 'id', where: addressed }),
  },
]

/** What was not over yet at `:aliveAt`, whenever it was queued before. */
const aliveThen = `
  SELECT id FROM deliveries WHERE finishedAt > :aliveAt AND queuedAt <= :aliveAt
  UNION ALL SELECT id FROM deliveries WHERE waiting = '' AND queuedAt <= :aliveAt
`
export const unfinishedThen = `
  SELECT d.* FROM (${aliveThen}) AS alive CROSS JOIN deliveries AS d ON d.id = alive.id
  WHERE (d.queuedAt < :beforeAt OR d.queuedAt = :beforeAt AND d.id < :beforeId) ${chosen}
  ORDER BY d.queuedAt DESC, d.id DESC LIMIT :limit
`

const patternsOf = (asked: DeliveryFilter): Record<string, SQLInputValue> => ({
  account: accountKey(asked.account),
  status: asked.status ?? null,
  recipient: patternOf(asked.recipient),
  domain: patternOf(asked.domain),
  /** As the projection writes it. */
  ownDomain: patternOf(asked.domain)?.toLowerCase() ?? null,
  sender: patternOf(asked.sender),
  message: asked.message ?? null,
  since: asked.since ?? null,
  until: asked.until ?? null,
})

export const unfinishedFilter = (asked: DeliveryFilter, at: number): Record<string, SQLInputValue> => ({
  ...patternsOf({ ...asked, status: undefined }),
  aliveAt: at,
})

export const questionFor = (db: DatabaseSync, asked: DeliveryFilter): Question => {
  const { paged, filter } = questionBy(db, asked, { leaders, walks, everything })
  return { paged, filter: { ...filter, ...patternsOf(asked) } }
}
