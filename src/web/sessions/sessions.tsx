/** Sessions: the list of them, or one. */
import type { PlaceProps } from '../frame/app.tsx'
import { SessionList } from './list.tsx'
import { SessionPage } from './session.tsx'

export const Sessions = ({ parts: [id], query }: PlaceProps) =>
  id === undefined ? (
    <SessionList query={query} />
  ) : (
    <SessionPage key={id} id={id} asked={query.get('step')} message={query.get('message')} />
  )
