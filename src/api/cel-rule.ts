/** An entry of `x-kubernetes-validations`. */
export interface CelRule {
  /**
   * The object that the rule is about, and that it calls `self`, as a path from the schema that lists the
   * rule; that schema itself by default. For each rule, the API server copies the schemas of all members that
   * `self` could have, and so again at each step of a path. So a rule belongs to the innermost object.
   */
  at?: string
  rule: string
  message: string
  messageExpression?: string
  /** From that object; the object itself by default. */
  fieldPath?: string
  reason: 'FieldValueInvalid' | 'FieldValueRequired' | 'FieldValueForbidden'
}
