export interface Order {
  id: string;
  customer: string;
  total: number;
  state: 'open' | 'cancelled';
}

const rows = new Map<string, Order>();

export const orders = {
  async of(customer: string): Promise<Order[]> {
    return [...rows.values()].filter((order) => order.customer === customer);
  },
  async find(id: string): Promise<Order | undefined> {
    return rows.get(id);
  },
  async cancel(id: string): Promise<void> {
    const order = rows.get(id);
    if (order) order.state = 'cancelled';
  },
};
