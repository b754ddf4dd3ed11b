import { createRouter, createWebHistory } from 'vue-router';

/** Sandbox and phone pages are loaded apart: a phone in a corridor never fetches the sandbox. */
export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/sandbox', component: () => import('./sandbox/SandboxPage.vue'), meta: { title: '沙盒 · 留痕' } },
    { path: '/c/:ticket', component: () => import('./capture/CapturePage.vue'), meta: { title: '现场取证 · 留痕' } },
    {
      path: '/m',
      component: () => import('./pages/PhoneShell.vue'),
      children: [
        { path: '', component: () => import('./pages/HomePage.vue'), meta: { title: '留痕' } },
        { path: 'digest/:id', component: () => import('./pages/DigestPage.vue'), meta: { title: '日报' } },
        {
          path: 'figure/:digestId/:figure',
          component: () => import('./pages/FigurePage.vue'),
          meta: { title: '明细' },
        },
        { path: 'deals/:id', component: () => import('./pages/DealPage.vue'), meta: { title: '商机' } },
        { path: 'evidence/:id', component: () => import('./pages/EvidencePage.vue'), meta: { title: '留痕' } },
        { path: 'reviews', component: () => import('./pages/ReviewsPage.vue'), meta: { title: '复核' } },
        {
          path: 'undelivered',
          component: () => import('./pages/UndeliveredPage.vue'),
          meta: { title: '没送到的消息' },
        },
        { path: 'sent', component: () => import('./pages/SentPage.vue'), meta: { title: '撤回消息' } },
        { path: ':rest(.*)*', component: () => import('./pages/MissingPage.vue'), meta: { title: '没有这一页' } },
      ],
    },
  ],
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
});

router.afterEach((to) => {
  document.title = typeof to.meta['title'] === 'string' ? to.meta['title'] : '留痕';
});
