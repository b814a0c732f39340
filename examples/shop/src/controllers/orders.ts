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
