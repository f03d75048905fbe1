/** Deliveries: the queue at a glance and all of them, or one. */
import type { PlaceProps } from '../frame/app.tsx'
import { DeliveryPage } from './delivery.tsx'
import { DeliveryList } from './list.tsx'

export const Deliveries = ({ parts: [id], query }: PlaceProps) =>
  id === undefined ? <DeliveryList query={query} /> : <DeliveryPage key={id} id={id} query={query} />
