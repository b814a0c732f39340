import { Router } from 'express';
import { orders } from '../store';

export const router = Router();

/** List the orders of the signed-in customer. */
router.get('/orders', async (req, res) => {
  res.json(await orders.of(req.user.id));
});

/** One order. */
router.get('/orders/:orderId', async (req, res) => {
  res.json(await orders.find(req.params.orderId));
});

/** Cancel an order that has not been shipped. */
router.post('/orders/:orderId/cancel', async (req, res) => {
  await orders.cancel(req.params.orderId);
  res.status(204).end();
});
