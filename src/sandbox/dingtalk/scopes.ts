/**
 * The permission point of the console that each call needs, as far as the vendor's pages say it. What is not here is
 * there by default or needs none.
 */
export const SCOPES: Readonly<Record<string, string>> = {
  '/v1.0/robot/oToMessages/batchSend': 'qyapi_robot_sendmsg',
  '/v1.0/robot/groupMessages/send': 'qyapi_robot_sendmsg',
  '/v1.0/robot/otoMessages/batchRecall': 'qyapi_robot_sendmsg',
  '/v1.0/robot/groupMessages/recall': 'qyapi_robot_sendmsg',
  '/v1.0/robot/messageFiles/download': 'qyapi_robot_sendmsg',
  '/v1.0/robot/ding/send': 'Premium.Ding.Write',
  '/v1.0/card/instances/createAndDeliver': 'Card.Instance.Write',
  '/v1.0/card/instances': 'Card.Instance.Write',
  '/v1.0/card/instances/deliver': 'Card.Instance.Write',
  '/v1.0/card/templates': 'Card.Template.ReadWrite.All',
  '/v1.0/card/templates/save': 'Card.Template.ReadWrite.All',
  '/v1.0/card/templates/publish': 'Card.Template.ReadWrite.All',
  '/topapi/v2/user/get': 'qyapi_get_member',
  '/topapi/user/listid': 'qyapi_get_member',
  '/topapi/v2/department/get': 'qyapi_get_department_list',
  '/topapi/v2/department/listsub': 'qyapi_get_department_list',
  // Of one person; by department it would be qyapi_checkin_read.
  '/topapi/checkin/record/get': 'qyapi_base',
};
