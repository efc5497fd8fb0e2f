/** An entry of `x-kubernetes-validations`. */
export interface CelRule {
  rule: string
  message: string
  messageExpression?: string
  fieldPath: string
  reason: 'FieldValueInvalid' | 'FieldValueRequired' | 'FieldValueForbidden'
}
